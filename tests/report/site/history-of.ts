import type { HistoryEntry } from '../../../src/model/history.ts'
import type { SiteRun } from '../../../src/report/site/index-page.ts'
import type { Published } from '../../../src/report/site/published.ts'
import { random } from '../../../src/stats/random.ts'

/** The truth of one version: ratios of latency to the baseline, and what the mesh adds. */
export interface Truth {
  readonly arm: string
  readonly mesh: string
  readonly version?: string
  readonly placement?: string
  readonly replicas?: number
  readonly entrance?: string
  readonly feature?: string
  readonly latency: number
  readonly cpu: number
  readonly memory: number
}

/** What ran in each run; the baseline first. */
export type Course = (run: number) => readonly Truth[]

export const NONE: Truth = { arm: 'none', mesh: 'none', latency: 1, cpu: 0, memory: 0 }
const ISTIO: Truth = { arm: 'istio', mesh: 'istio-sidecar', version: '1.28.0', latency: 1.9, cpu: 190, memory: 160e6 }
const AMBIENT: Truth = {
  arm: 'ambient',
  mesh: 'istio-ambient',
  version: '1.28.0',
  latency: 1.35,
  cpu: 120,
  memory: 90e6,
}
const LINKERD: Truth = { arm: 'linkerd', mesh: 'linkerd', version: '2.18', latency: 1.36, cpu: 130, memory: 70e6 }

/** From run 25 on Istio's sidecar is slower, with a new version; ambient's new version changes nothing. */
export const TWO_RELEASES: Course = (run) => [
  NONE,
  { ...NONE, arm: 'none-again' },
  run < 25 ? ISTIO : { ...ISTIO, version: '1.29.1', latency: 1.9 * 1.2 },
  run < 25 ? AMBIENT : { ...AMBIENT, version: '1.29.1' },
  LINKERD,
]

interface Nights {
  readonly runs: number
  readonly course?: Course
  readonly seed?: number
  /** Standard deviation of the logarithm of a ratio from run to run. */
  readonly scatter?: number
}

/** Weekly runs with known truths; every run has the scatter that a real one would have. */
export function nightsOf({ runs, course = TWO_RELEASES, seed = 1, scatter = 0.02 }: Nights) {
  const draw = random(seed, 'nights')
  const entries: HistoryEntry[] = []
  const published: SiteRun[] = []
  for (let night = 0; night < runs; night++) {
    const startedAt = new Date(Date.UTC(2026, 0, 5 + 7 * night, 2)).toISOString()
    const run = `${startedAt.slice(0, 10)}T0200-nightly`
    const level = 1e-3 * Math.exp(0.05 * draw.normal())
    const own = course(night).map((truth): HistoryEntry => {
      const isBaseline = truth.arm === 'none'
      const ratio = isBaseline ? 1 : truth.latency * Math.exp(scatter * draw.normal())
      const cost = truth.cpu === 0 ? 0 : 1 + scatter * draw.normal()
      const estimate = (center: number) => ({ center, lo: center * 0.98, hi: center * 1.02, n: 10 })
      const latency = (factor: number) => ({
        unit: 'seconds',
        better: 'lower',
        level: estimate(level * factor * ratio),
        ...(!isBaseline && { ratio: estimate(ratio) }),
      })
      return {
        schema: 1,
        run,
        startedAt,
        scenario: 'nightly',
        platform: 'kind',
        profile: 'equalised',
        machine: 'x64, AMD EPYC 7B13, 8 cores, 32 GiB',
        arm: truth.arm,
        mesh: truth.mesh,
        ...(truth.placement !== undefined && { placement: truth.placement }),
        ...(truth.replicas !== undefined && { replicas: truth.replicas }),
        ...(truth.entrance !== undefined && { entrance: truth.entrance }),
        ...(truth.feature !== undefined && { feature: truth.feature }),
        baseline: 'none',
        load: 'http-1000',
        asked: 'connections 16, duration 30, payload 1024, protocol http, rate 1000, tool fortio, warmup 5',
        versions: { ...(truth.version !== undefined && { version: truth.version }), fortio: '1.68.0' },
        validTrials: 10,
        plannedTrials: 10,
        metrics: {
          p50: latency(1),
          'typical-p99': latency(2),
          p99: latency(2.4),
          'mesh-cpu': { unit: 'cpu-seconds-per-million', better: 'lower', level: estimate(truth.cpu * cost) },
          'mesh-memory': { unit: 'bytes', better: 'lower', level: estimate(truth.memory * cost) },
        },
      }
    })
    entries.push(...own)
    published.push({ folder: run, published: publishedOf(run, startedAt, own) })
  }
  return { entries, published }
}

function publishedOf(run: string, startedAt: string, history: HistoryEntry[]): Published {
  return {
    schema: 1,
    madeOf: run,
    meshbench: '0.1.0',
    run,
    scenario: 'nightly',
    startedAt,
    platform: 'kind',
    profile: 'equalised',
    machine: 'AMD EPYC 7B13, 8 cores, 32 GiB',
    valid: 50,
    planned: 50,
    validity: '50 of 50 trials valid',
    headline: 'http-1000: p99 is 1.5 ms with none, and more with every mesh.',
    history,
  }
}
