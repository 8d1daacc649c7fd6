import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Analysis, Cell } from '../../src/model/analysis.ts'
import { testFolder } from '../temporary-folder.ts'
import { meshbench } from './surroundings.ts'

/** As seen of a host that stands still for 60 to 180 ms about every 5 s, whatever runs on it. */
const STALLS = { every: 5, last: 0.12, jitter: 0.5 }
const LOAD = { rate: 250, connections: 4, duration: 15 }
const TRUE_RATIO = 1.5

const measured = new Map<string, Promise<Analysis>>()

/** Of one run for each seed and jitter. */
function analysed(seed: number, jitter: number): Promise<Analysis> {
  const analysis = measured.get(`${seed} ${jitter}`) ?? measure(seed, jitter)
  measured.set(`${seed} ${jitter}`, analysis)
  return analysis
}

async function measure(seed: number, jitter: number): Promise<Analysis> {
  const cwd = testFolder()
  const { every, last } = STALLS
  const { rate, connections, duration } = LOAD
  writeFileSync(
    join(cwd, 'stalls.yaml'),
    `
name: stalls
platform: simulated
seed: ${seed}
blocks: 6
arms: [none, { name: none-again, mesh: none }, envoy-sidecar]
loads:
  - { name: web, tool: fortio, rate: ${rate}/s, connections: ${connections}, warmup: 1s, duration: ${duration}s }
simulation:
  latency: 1ms
  effects: { envoy-sidecar: { latency: ${TRUE_RATIO} } }
  noise: { cohort: 0 }
  stalls: { every: ${every}s, last: ${last}s, jitter: ${jitter} }
`,
  )
  const { code, stdout, stderr } = await meshbench(['run', 'stalls.yaml', '--json'], { cwd })
  expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('18 of 18 trials valid') })
  return (JSON.parse(stdout) as { analysis: Analysis }).analysis
}

const cellOf = ({ cells }: Analysis, arm: string, metric: string) =>
  cells.find((cell) => cell.arm === arm && cell.metric === metric) as Cell

function ratioOf(cell: Cell) {
  const { center = Number.NaN, lo = Number.NaN, hi = Number.NaN } = cell.ratio ?? {}
  return { center, lo, hi, factor: hi / lo }
}

describe('a host that stands still at random', () => {
  // With other seeds p99 may be called within the noise of equal arms, since that is as large: no more is decided then.
  it.each([2, 4])('leaves the p99 of a typical second to tell a slower arm by, seed %i', async (seed) => {
    const analysis = await analysed(seed, STALLS.jitter)

    const p99 = cellOf(analysis, 'envoy-sidecar', 'p99')
    expect(p99.standing).toBe('undecided')
    expect(ratioOf(p99).factor).toBeGreaterThan(1.5)

    const typical = cellOf(analysis, 'envoy-sidecar', 'typical-p99')
    expect(typical.standing).toBe('higher')
    const { lo, hi, factor } = ratioOf(typical)
    expect(lo).toBeLessThan(TRUE_RATIO)
    expect(hi).toBeGreaterThan(TRUE_RATIO)
    expect(factor).toBeLessThan(1.25)
    const again = ratioOf(cellOf(analysis, 'none-again', 'typical-p99'))
    expect(again.lo).toBeLessThan(1)
    expect(again.hi).toBeGreaterThan(1)
    expect(again.factor).toBeLessThan(1.25)
  })

  it('is seen in stalls, of all arms alike', async () => {
    const analysis = await analysed(2, STALLS.jitter)
    const all = analysis.cells.filter(({ metric }) => metric === 'stalls')
    const values = all.flatMap(({ values }) => values.map(({ value }) => value))
    expect(values).toHaveLength(18)
    // A stall counts from when half of the connections wait: of requests one after another, that is so many later.
    const unseen = (LOAD.connections / 2 - 0.5) / LOAD.rate
    const expected = (60 / STALLS.every) * (STALLS.last - unseen)
    // Of 54 stalls, uniform in ± half of their length, three standard errors.
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    expect(Math.abs(mean / expected - 1)).toBeLessThan(0.12)
    for (const arm of ['none-again', 'envoy-sidecar']) {
      const cell = cellOf(analysis, arm, 'stalls')
      expect(['within-noise', 'undecided', 'no-difference']).toContain(cell.standing)
      expect(ratioOf(cell).lo).toBeLessThan(1)
      expect(ratioOf(cell).hi).toBeGreaterThan(1)
    }
  })

  it('that does so evenly makes the p99 of all requests by itself, and hides a slower arm', async () => {
    const analysis = await analysed(2, 0)
    const p99 = ratioOf(cellOf(analysis, 'envoy-sidecar', 'p99'))
    expect(p99.factor).toBeLessThan(1.1)
    expect(p99.hi).toBeLessThan(1.1)
    expect(cellOf(analysis, 'envoy-sidecar', 'typical-p99').standing).toBe('higher')
  })
})
