import type { MetricInfo, OperationEffects } from '../model/analysis.ts'
import { QUANTILES, quantileName, SAMPLES_TO_REPORT, samplesBeyond, TAIL } from '../model/quantiles.ts'
import type { LatencySummary, StartReading } from '../model/result.ts'
import type { Load } from '../model/scenario.ts'
import { MILLION } from '../model/units.ts'
import { MESH_ROLES, type Role } from '../model/usage.ts'
import { list } from '../model/words.ts'

import { type Spent, spentIn } from './cost-model.ts'
import { stallsPerMinute, typicalP99 } from './tail.ts'
import type { HeldView, TrialView } from './trial-view.ts'

/** A metric, and how to read it from a trial; undefined where the trial has no value. */
export interface Metric {
  readonly info: MetricInfo
  /** Whether the metric needs an idle window. */
  readonly needsIdle?: true
  /** What it reads of a search; such a metric is of loads that search a capacity, and all others are of the other loads. */
  readonly ofSearch?: 'capacity' | 'throughput' | 'cores'
  /** It is of loads with an operation, and all others are of the other loads. */
  readonly ofOperation?: true
  /**
   * It is left out of the comparisons over which q is computed: all loads of a visit have the same value, or it does not scatter, and sure
   * differences would make the others look surer.
   */
  readonly outsideFamily?: true
  /** Why a valid trial may have no value, where that is another reason than the usual ones. */
  readonly silentBecause?: string
  value(trial: TrialView): number | undefined
  /** The largest error of that value, where what it is made of has one; 0 or undefined otherwise. */
  error?(trial: TrialView): number | undefined
}

type Quantile = (typeof QUANTILES)[number]

/** The registry of metrics: a new metric is one entry. Latencies without a clock use the headline clock of their load. */
export const metrics: readonly Metric[] = [
  typical(),
  ...QUANTILES.map((quantile) => latency(quantile)),
  mean(),
  stalls(),
  throughput(),
  requestCpu({ name: 'mesh-cpu', title: 'CPU of the mesh per million requests' }, isMesh),
  idleCpu({ name: 'mesh-idle-cpu', title: 'CPU of the mesh without load' }, isMesh),
  memory({ name: 'mesh-memory', title: 'Memory of the mesh' }, isMesh),
  idleMemory({ name: 'mesh-idle-memory', title: 'Memory of the mesh without load' }, isMesh),
  requestCpu(
    { name: 'application-cpu', title: 'CPU of the application per million requests' },
    (role) => role === 'application',
  ),
  series(),
  start('ready', { name: 'start-ready', title: 'Time until the pods are ready' }),
  start('answered', { name: 'start-answer', title: 'Time until the first answer' }),
  typical('service'),
  ...QUANTILES.map((quantile) => serviceTime(quantile)),
  ofSearch('capacity', { name: 'capacity', title: 'Capacity', unit: 'per-second', better: 'higher' }),
  ofSearch('throughput', {
    name: 'capacity-throughput',
    title: 'Successful answers per second at the capacity',
    unit: 'per-second',
    better: 'higher',
  }),
  ofSearch('cores', {
    name: 'capacity-cores',
    title: 'CPU of the mesh at the capacity',
    unit: 'cores',
    better: 'lower',
  }),
  ofOperation(
    { name: 'operation-errors', title: 'Errors since the operation', unit: 'requests' },
    ({ errors }) => errors,
  ),
  ofOperation({ name: 'operation-late', title: 'Requests late or never sent', unit: 'requests' }, ({ late }) => late),
  ofOperation(
    { name: 'operation-recovery', title: 'Time until normal', unit: 'seconds' },
    ({ recovery }) => recovery,
    'not normal again when the window ended',
  ),
  ofOperation(
    { name: 'operation-change', title: 'Time until every answer is of the new kind', unit: 'seconds' },
    ({ change }) => change?.until,
    'nothing that answers tell was changed, or not all of them were of the new kind when the window ended',
  ),
]

/** A metric of loads with an operation. */
function ofOperation(
  names: Pick<MetricInfo, 'name' | 'title' | 'unit'>,
  of: (effects: OperationEffects) => number | undefined,
  silentBecause?: string,
): Metric {
  return {
    info: { ...names, better: 'lower' },
    ofOperation: true,
    ...(silentBecause !== undefined && { silentBecause }),
    value: ({ effects }) => effects && of(effects),
  }
}

/** Which loads a metric is of: those that search a capacity, those with an operation, or all others. */
export function isMetricOf(
  { ofSearch, ofOperation }: Pick<Metric, 'ofSearch' | 'ofOperation'>,
  { capacity, operation }: Pick<Load, 'capacity' | 'operation'>,
): boolean {
  return (ofSearch !== undefined) === (capacity !== undefined) && (ofOperation === true) === (operation !== undefined)
}

function latency(quantile: Quantile): Metric {
  const { key: name, q } = quantile
  return {
    info: { name, title: `${quantileName(q)} latency`, unit: 'seconds', better: 'lower', quantile: q },
    value: (view) => read(view, view.headline, quantile),
  }
}

function serviceTime(quantile: Quantile): Metric {
  return {
    info: {
      name: `service-${quantile.key}`,
      title: `${quantileName(quantile.q)} service time`,
      unit: 'seconds',
      better: 'lower',
      clock: 'service',
      quantile: quantile.q,
    },
    value: (view) => read(view, view.service, quantile),
  }
}

function read({ withheld }: TrialView, summary: LatencySummary, { key, q }: Quantile): number | undefined {
  const isThin = samplesBeyond(q, summary.count) < SAMPLES_TO_REPORT
  return isThin || withheld.has(key) ? undefined : summary[key]
}

/** The p99 of a typical second. Without a clock, it uses the load’s headline clock, which in a closed loop is the service time. */
function typical(clock?: 'service'): Metric {
  return {
    info: {
      name: clock === 'service' ? `service-${TAIL}` : TAIL,
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

/** Proxies that are not in the arm expose nothing: without a mesh there is no value. */
function series(): Metric {
  return {
    info: { name: 'metric-series', title: 'Metric series of the proxies', unit: 'series', better: 'lower' },
    outsideFamily: true,
    silentBecause: 'no proxy was asked for its metrics',
    value: ({ reading }) => reading.observation.exposed?.series,
  }
}

/** Of new pods: all loads of a visit have the same. */
function start(key: keyof StartReading, names: Names): Metric {
  return {
    info: { ...names, unit: 'seconds', better: 'lower' },
    outsideFamily: true,
    silentBecause: 'no pods were made, or their nodes may have fetched images',
    value: ({ reading }) => reading.start?.[key],
  }
}

/** No single trial has it. */
function ofSearch(key: NonNullable<Metric['ofSearch']>, info: MetricInfo): Metric {
  return { info, ofSearch: key, value: () => undefined }
}

type Names = Pick<MetricInfo, 'name' | 'title'>

/** A metric of what components use, which the whole of a trial is not needed for. */
interface UseMetric extends Omit<Metric, 'value' | 'error' | 'ofSearch'> {
  value(trial: Used): number | undefined
  error?(trial: Used): number | undefined
}
type Used = Pick<HeldView, 'reading'>

/** Metrics of the mesh as a whole, from which those of its components of some roles are made. */
const OF_MESH = {
  'mesh-cpu': requestCpu,
  'mesh-idle-cpu': idleCpu,
  'mesh-memory': memory,
  'mesh-idle-memory': idleMemory,
} as const

/** Names of the metrics that `metricOfRoles` knows. */
export const METRICS_OF_MESH: readonly string[] = Object.keys(OF_MESH)

/** A metric of the mesh, of its components of these roles only: 0 for an arm that has none of them. Undefined for other metrics. */
export function metricOfRoles(name: string, roles: readonly Role[]): UseMetric | undefined {
  const whole = metrics.find(({ info }) => info.name === name)
  if (!whole || !Object.hasOwn(OF_MESH, name)) return undefined
  const title = `${whole.info.title}, only ${list(roles.map((role) => role.replaceAll('-', ' ')))}`
  return OF_MESH[name as keyof typeof OF_MESH]({ name, title }, (role) => roles.includes(role))
}

/** CPU that requests add, without idle CPU, whose share would grow as the rate falls. */
function requestCpu(names: Names, counts: Counts): UseMetric {
  return {
    info: { ...names, unit: 'cpu-seconds-per-million', better: 'lower' },
    needsIdle: true,
    value: (view) => total(view, counts, ({ perRequest }) => perRequest && perRequest * MILLION),
    error: (view) => totalError(view, counts, ({ perRequest }) => perRequest * MILLION),
  }
}

function idleCpu(names: Names, counts: Counts): UseMetric {
  return {
    info: { ...names, unit: 'cores', better: 'lower' },
    needsIdle: true,
    value: (view) => total(view, counts, ({ idle }) => idle?.cores),
    error: (view) => totalError(view, counts, ({ idleCores }) => idleCores),
  }
}

function memory(names: Names, counts: Counts): UseMetric {
  return {
    info: { ...names, unit: 'bytes', better: 'lower' },
    value: (view) => total(view, counts, ({ bytes }) => bytes),
  }
}

function idleMemory(names: Names, counts: Counts): UseMetric {
  return {
    info: { ...names, unit: 'bytes', better: 'lower' },
    needsIdle: true,
    value: (view) => total(view, counts, ({ idle }) => idle?.bytes),
  }
}

type Counts = (role: Role) => boolean

function isMesh(role: Role): boolean {
  return MESH_ROLES.has(role)
}

/** The sum of the largest errors of components: of each that counts, whether or not the others have one. */
function totalError({ reading }: Used, counts: Counts, of: (error: NonNullable<Spent['error']>) => number): number {
  return spentIn(reading)
    .filter(({ role }) => counts(role))
    .reduce((sum, { error }) => sum + (error ? of(error) : 0), 0)
}

/** A sum over components; undefined where usage (or idle usage, if needed) was not observed, 0 where no component has the role. */
function total({ reading }: Used, counts: Counts, of: (spent: Spent) => number | undefined): number | undefined {
  const all = spentIn(reading)
  if (all.length === 0 || all.some((one) => of(one) === undefined)) return undefined
  return all.filter(({ role }) => counts(role)).reduce((sum, one) => sum + (of(one) ?? 0), 0)
}
