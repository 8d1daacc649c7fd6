import type { MetricInfo } from '../model/analysis.ts'
import type { LatencySummary } from '../model/result.ts'
import { MESH_ROLES, type Role, roleOf, type Usage } from '../model/usage.ts'
import { dollarsPerMonth } from './cost.ts'
import { QUANTILES, SAMPLES_TO_REPORT, samplesBeyond } from './samples.ts'
import { stallsPerMinute, typicalP99 } from './tail.ts'
import type { TrialView } from './trial-view.ts'
import { quantileName } from './wording.ts'

/** A metric and how it is read of a trial; undefined where the trial cannot tell it. */
export interface Metric {
  readonly info: MetricInfo
  /**
   * Reckoned from other metrics of this registry. It makes no claim of its own, so it is in no family of tests: there it
   * would count what is known already once more, and make every other claim harder.
   */
  readonly isDerived?: true
  value(trial: TrialView): number | undefined
}

const MILLION = 1e6

type Quantile = (typeof QUANTILES)[number]
const KEYS = { 0.5: 'p50', 0.9: 'p90', 0.99: 'p99', 0.999: 'p999' } as const

/** The registry: a new metric is one entry here. Latencies without a clock are of the headline clock of their load. */
export const metrics: readonly Metric[] = [
  typical(),
  ...QUANTILES.map((quantile) => latency(quantile)),
  mean(),
  stalls(),
  throughput(),
  cpu({ name: 'cpu', title: 'CPU per million requests' }, isBilled),
  cpu({ name: 'mesh-cpu', title: 'CPU of the mesh per million requests' }, (role) => MESH_ROLES.has(role)),
  memory({ name: 'memory', title: 'Memory' }, isBilled),
  memory({ name: 'mesh-memory', title: 'Memory of the mesh' }, (role) => MESH_ROLES.has(role)),
  cost(),
  typical('service'),
  ...QUANTILES.map((quantile) => serviceTime(quantile)),
]

function latency(quantile: Quantile): Metric {
  const name = KEYS[quantile]
  return {
    info: { name, title: `${quantileName(quantile)} latency`, unit: 'seconds', better: 'lower', quantile },
    value: (view) => read(view, view.headline, quantile),
  }
}

function serviceTime(quantile: Quantile): Metric {
  return {
    info: {
      name: `service-${KEYS[quantile]}`,
      title: `${quantileName(quantile)} service time`,
      unit: 'seconds',
      better: 'lower',
      clock: 'service',
      quantile,
    },
    value: (view) => read(view, view.service, quantile),
  }
}

function read({ withheld }: TrialView, summary: LatencySummary, quantile: Quantile): number | undefined {
  const isThin = samplesBeyond(quantile, summary.count) < SAMPLES_TO_REPORT
  return isThin || withheld.has(KEYS[quantile]) ? undefined : summary[KEYS[quantile]]
}

/** Without a clock: that of the load’s headline, which in a closed loop is the service time in any case. */
function typical(clock?: 'service'): Metric {
  return {
    info: {
      name: clock === 'service' ? 'service-typical-p99' : 'typical-p99',
      title: clock === 'service' ? 'p99 service time of a typical second' : 'p99 of a typical second',
      unit: 'seconds',
      better: 'lower',
      ...(clock && { clock }),
    },
    value: ({ reading }) => {
      const told = typicalP99(reading, clock ?? 'response')
      return 'value' in told ? told.value : undefined
    },
  }
}

function stalls(): Metric {
  return {
    info: { name: 'stalls', title: 'Stalls', unit: 'seconds-per-minute', better: 'lower' },
    value: ({ reading }) => stallsPerMinute(reading),
  }
}

function mean(): Metric {
  return {
    info: { name: 'mean', title: 'Mean latency', unit: 'seconds', better: 'lower' },
    value: ({ headline }) => (headline.count === 0 ? undefined : headline.mean),
  }
}

function throughput(): Metric {
  return {
    info: { name: 'throughput', title: 'Successful answers per second', unit: 'per-second', better: 'higher' },
    value: ({ reading }) => (reading.requests - reading.errors) / reading.seconds,
  }
}

type Names = Pick<MetricInfo, 'name' | 'title'>

function cpu(names: Names, counts: (role: Role) => boolean): Metric {
  return {
    info: { ...names, unit: 'cpu-seconds-per-million', better: 'lower' },
    value: ({ reading }) => total(reading.observation.usage, counts, (usage) => cpuPerMillion(usage, reading.requests)),
  }
}

function memory(names: Names, counts: (role: Role) => boolean): Metric {
  return {
    info: { ...names, unit: 'bytes', better: 'lower' },
    value: ({ reading }) => total(reading.observation.usage, counts, ({ memoryBytes }) => memoryBytes),
  }
}

function cost(): Metric {
  return {
    info: { name: 'cost', title: 'Monthly cost for 1,000 requests/s', unit: 'dollars-per-month', better: 'lower' },
    isDerived: true,
    value: ({ reading }) =>
      total(reading.observation.usage, isBilled, (usage) =>
        dollarsPerMonth({
          cpuPerMillion: cpuPerMillion(usage, reading.requests),
          memoryBytes: usage.memoryBytes,
        }),
      ),
  }
}

/**
 * The load generator stands for the callers, and Kubernetes' own control plane for one that the cloud runs: both are there
 * with and without a mesh. On a small machine the latter takes a third to a half of all CPU, and would hide the rest.
 */
function isBilled(role: Role): boolean {
  return role !== 'generator' && role !== 'cluster'
}

/** CPU-seconds per million requests. */
export function cpuPerMillion({ cpuSeconds }: Pick<Usage, 'cpuSeconds'>, requests: number): number {
  return (cpuSeconds / requests) * MILLION
}

/** Undefined where usage was not observed at all; 0 where no component has such a role. */
function total(usage: readonly Usage[], counts: (role: Role) => boolean, of: (usage: Usage) => number) {
  if (usage.length === 0) return undefined
  return usage.filter((one) => counts(roleOf(one))).reduce((sum, one) => sum + of(one), 0)
}
