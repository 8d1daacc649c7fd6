import { pageScripts } from '../src/commands/page-scripts.ts'
import type { Analysis } from '../src/model/analysis.ts'
import type { Load } from '../src/model/scenario.ts'
import { renderReport } from '../src/report/render.ts'
import { analysisOf } from '../tests/report/fixture.ts'

/**
 * Size of the page and time to write it: `node bench/report.ts`. Five arms × six loads × 20 blocks, then ten times the blocks.
 * Made of histograms that repeat, so that making the trials is not what is measured.
 */

const LIMITS = { bytes: 1.5e6, seconds: 5, growth: 2 }
const load = { tool: 'fortio', protocol: 'http', connections: 16, payload: 1024, warmup: 3, duration: 30 } as const
const LOADS: readonly Load[] = [
  ...[250, 500, 1000, 2000].map((rate) => ({ ...load, name: `http-${rate}`, rate })),
  { ...load, name: 'grpc-1000', protocol: 'grpc', rate: 1000 },
  { ...load, name: 'large-1000', rate: 1000, payload: 16384 },
]

interface Written {
  readonly bytes: number
  readonly seconds: number
  readonly cpu: number
}

async function write(analysis: Analysis): Promise<Written> {
  const started = performance.now()
  const cpu = process.cpuUsage()
  const page = await renderReport(analysis, { generatedAt: '2026-03-01T21:00:00Z', scripts: await pageScripts() })
  const { user, system } = process.cpuUsage(cpu)
  return {
    bytes: page.reduce((sum, part) => sum + part.byteLength, 0),
    seconds: (performance.now() - started) / 1e3,
    cpu: (user + system) / 1e6,
  }
}

function runOf(blocks: number): Analysis {
  return analysisOf({ scenario: { loads: LOADS, cohorts: 1, blocks } })
}

const small = await write(runOf(20))
const large = await write(runOf(200))
const growth = large.bytes / small.bytes
const of = ({ bytes, seconds, cpu }: Written) =>
  `${(bytes / 1e6).toFixed(2)} MB in ${seconds.toFixed(1)} s (CPU ${cpu.toFixed(1)} s)`
console.log(`5 arms × 6 loads × 20 blocks: ${of(small)}, limits ${LIMITS.bytes / 1e6} MB and ${LIMITS.seconds} s`)
console.log(`10 × the blocks: ${of(large)}, ${growth.toFixed(2)} times as large, limit ${LIMITS.growth}`)
process.exitCode = small.bytes <= LIMITS.bytes && growth < LIMITS.growth ? 0 : 1
