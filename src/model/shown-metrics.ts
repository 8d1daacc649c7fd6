import { LATENCIES, quantilesShown, shortTitle, TAIL, withTail } from './quantiles.ts'

/**
 * Names of the metrics that each place shows. JSON, exports and the page's table of every figure have all metrics, and a
 * metric that a run lacks is left out. Quantiles say in their own table where they are shown.
 */
export const SHOWN = {
  /** Charts of the page; its data has no other metric. */
  charts: [
    ...LATENCIES,
    'throughput',
    'mesh-cpu',
    'mesh-idle-cpu',
    'mesh-memory',
    'application-cpu',
    'stalls',
    'capacity',
    'capacity-throughput',
    'capacity-cores',
    ...LATENCIES.map((latency) => `service-${latency}`),
  ],
  /** The first table of the page, after the median and the percentile that the reader chose. */
  firstTable: ['mesh-cpu', 'mesh-idle-cpu', 'mesh-memory'],
  rankings: [...LATENCIES, 'throughput', 'mesh-cpu', 'mesh-memory'],
  /** Columns on the terminal after a run, with their heads, in order. */
  terminal: [
    ...withTail(quantilesShown('terminal')).map((latency) => [latency, shortTitle(latency)] as const),
    ['throughput', 'throughput'],
    ['mesh-cpu', 'CPU-s/million'],
    ['mesh-memory', 'mesh memory'],
  ],
  /** Columns of a capacity: on the terminal, on the page and in the summary, after the bounds of the searches. */
  capacity: [
    ['capacity', 'capacity'],
    ['capacity-throughput', 'answered there'],
    ['capacity-cores', 'mesh cores there'],
  ],
  /** `compare` by default. More metrics make each claim harder, since all share one family. */
  compare: [...quantilesShown('compare'), 'throughput', 'mesh-cpu', 'mesh-memory'],
  /** Trends of a history by default. */
  history: [...withTail(quantilesShown('history')), 'mesh-cpu'],
  /** Those whose detectable effect a plan states. */
  plan: [...withTail(quantilesShown('plan')), 'mesh-cpu'],
  /** The page's quick comparison with the report of another run. */
  otherRun: [...withTail(quantilesShown('other-run')), 'mesh-cpu', 'mesh-memory'],
  /** What the gate judges by default. */
  gate: ['p50', TAIL, 'mesh-cpu'],
} as const satisfies Readonly<Record<string, readonly (string | readonly [string, string])[]>>
