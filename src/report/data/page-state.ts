import { type ClusterSize, DEFAULT_CLUSTER_SIZE } from '../../analyse/cost-model.ts'
import type { Clock } from '../../model/analysis.ts'
import { LATENCIES, type Latency, TAIL } from '../../model/quantiles.ts'

/** The schema of a page's data. Here, since a page reads that of another page without the code that makes data. */
export const PAGE_SCHEMA = 1

/** The state of the page that a reader can change. Node renders the published state. */
export interface PageState {
  /** Name of the load that is shown; the first one when absent. */
  readonly load?: string
  /** Name of the arm that ratios are to; the scenario's when absent. */
  readonly baseline?: string
  /** The load's own (response time in an open loop) when absent. */
  readonly clock?: Clock
  readonly quantile: Latency
  /** Of axes of latency. */
  readonly scale: 'log' | 'linear'
  readonly hidden: readonly string[]
  /** Ids of trials that the reader leaves out. */
  readonly excluded: readonly string[]
  /** Inputs of the cost model that are not the default ones. */
  readonly clusterSize: Partial<ClusterSize>
}

/** The inputs of the cost model with labels and limits. */
export const CLUSTER_SIZE_INPUTS: readonly {
  readonly key: keyof ClusterSize
  readonly label: string
  readonly least: number
  readonly most: number
}[] = [
  { key: 'pods', label: 'Pods', least: 1, most: 1e6 },
  { key: 'podsPerNode', label: 'Pods on a node', least: 1, most: 1000 },
  { key: 'podsPerNamespace', label: 'Pods in a namespace (one waypoint each)', least: 1, most: 1e6 },
  { key: 'rate', label: 'Requests per second and pod', least: 0, most: 1e6 },
  { key: 'coreHour', label: 'US$ for a core and hour', least: 0, most: 1000 },
  { key: 'gibHour', label: 'US$ for a GiB and hour', least: 0, most: 1000 },
]

/** Parses inputs; values that are not numbers, out of range or equal to the default are left out. */
export function clusterSizeOf(given: (key: keyof ClusterSize) => string | number | undefined): Partial<ClusterSize> {
  return Object.fromEntries(
    CLUSTER_SIZE_INPUTS.flatMap(({ key, least, most }) => {
      const text = given(key)
      const value = text === undefined || text === '' ? Number.NaN : Number(text)
      return value >= least && value <= most && value !== DEFAULT_CLUSTER_SIZE[key] ? [[key, value]] : []
    }),
  )
}

export const PUBLISHED: PageState = { quantile: TAIL, scale: 'log', hidden: [], excluded: [], clusterSize: {} }

/** Whether figures differ from the published ones, and not only their display. */
export function changesFigures({ baseline, excluded }: PageState): boolean {
  return baseline !== undefined || excluded.length > 0
}

/** The state as part of an address after `#`, without published values. */
export function stateText({
  load,
  baseline,
  clock,
  quantile,
  scale,
  hidden,
  excluded,
  clusterSize,
}: PageState): string {
  const text = new URLSearchParams()
  if (load !== undefined) text.set('load', load)
  if (baseline !== undefined) text.set('baseline', baseline)
  if (clock !== undefined) text.set('clock', clock)
  if (quantile !== PUBLISHED.quantile) text.set('quantile', quantile)
  if (scale !== PUBLISHED.scale) text.set('scale', scale)
  for (const arm of hidden) text.append('hide', arm)
  for (const trial of excluded) text.append('without', trial)
  for (const [key, value] of Object.entries(clusterSize)) text.set(key, String(value))
  return text.toString()
}

/** Parses a state; unknown keys, and names that the run lacks, are ignored. */
export function parseState(
  text: string,
  known: { readonly loads: readonly string[]; readonly arms: readonly string[]; readonly trials: readonly string[] },
) {
  const given = new URLSearchParams(text)
  const load = given.get('load')
  const baseline = given.get('baseline')
  const clock = given.get('clock')
  const quantile = LATENCIES.find((key) => key === given.get('quantile'))
  const hidden = given.getAll('hide').filter((arm) => known.arms.includes(arm))
  return {
    ...PUBLISHED,
    ...(load !== null && known.loads.includes(load) && { load }),
    ...(baseline !== null && known.arms.includes(baseline) && { baseline }),
    ...((clock === 'service' || clock === 'response') && { clock }),
    ...(quantile && { quantile }),
    ...(given.get('scale') === 'linear' && { scale: 'linear' as const }),
    hidden,
    clusterSize: clusterSizeOf((key) => given.get(key) ?? undefined),
    excluded: given.getAll('without').filter((trial) => known.trials.includes(trial)),
  } satisfies PageState
}
