import { gateCells } from '../../src/gate/gate-cells.ts'
import { placeText } from '../../src/gate/read-limits.ts'
import type { HistoryEntry } from '../../src/model/history.ts'
import type { Pinned } from '../../src/model/pinned.ts'
import { type Trial, trialsOf } from '../../src/model/plan.ts'
import type { GateCell } from '../../src/model/verdict.ts'
import { defaultLimits } from '../../src/scenario/gate-schema.ts'
import { type Random, random } from '../../src/stats/random.ts'
import { upperBound } from './clopper-pearson.ts'
import { analysisOf, BASELINE, CANDIDATE, LEVELS, LOADS, METRICS, planOf } from './night.ts'

export interface PinnedAbout {
  /** Standard deviation of the ratio to the baseline from night to night, and of a block's. */
  readonly between: number
  readonly deviation: number
  /** Runs that were accepted, and nights in the history besides. */
  readonly accepted: number
  readonly history: number
}

/** Pairs of nights without any difference, against a pinned reference. */
export interface PinnedNulls extends PinnedAbout {
  readonly nights: number
  /** With a breach in any cell on the first night: what one night alone would have raised. */
  readonly breaches: number
  /** With a regression after both; `upper`: one-sided bound of their share. */
  readonly alarms: number
  readonly upper: number
}

export function pinnedSettings(isShort: boolean): PinnedAbout[] {
  const all = [0, 0.02, 0.04].flatMap((between) =>
    [
      { accepted: 5, history: 0 },
      { accepted: 1, history: 20 },
    ].map((known) => ({ between, deviation: 0.06, ...known })),
  )
  return isShort ? all.slice(2, 3) : all
}

const PLACES = LOADS.flatMap(({ name: load }) =>
  METRICS.map(({ name: metric }) => ({ arm: CANDIDATE.name, load, metric })),
)
const LIMITS = defaultLimits()
const PLAN = planOf({ limits: LIMITS, platform: 'local', cohorts: 1 })
const MEASURED = trialsOf(PLAN).filter(({ arm }) => arm === BASELINE.name || arm === CANDIDATE.name)

export function pinnedOf(about: PinnedAbout, nights: number): PinnedNulls {
  let [breaches, alarms] = [0, 0]
  for (let number = 0; number < nights; number++) {
    const draw = random(2, 'pinned', JSON.stringify(about), number)
    const known = { pinned: acceptedIn(about, draw), past: historyIn(about, draw) }
    const first = judge(about, draw, known, new Set())
    const breached = new Set(
      first.filter((cell) => cell.breach).map((cell) => placeText({ ...cell, metric: cell.metric.name })),
    )
    if (breached.size === 0) continue
    breaches++
    if (judge(about, draw, known, breached).some(({ verdict }) => verdict === 'regression')) alarms++
  }
  return { ...about, nights, breaches, alarms, upper: upperBound(alarms, nights) }
}

interface Known {
  readonly pinned: Pinned
  readonly past: readonly HistoryEntry[]
}

function judge(
  { between, deviation }: PinnedAbout,
  draw: Random,
  known: Known,
  breached: ReadonlySet<string>,
): GateCell[] {
  const luck = new Map(PLACES.map((place) => [placeText(place), between * draw.normal()]))
  const valuesOf = ({ arm, load }: Trial) =>
    METRICS.map(({ name: metric }, index) => {
      const night = arm === CANDIDATE.name ? (luck.get(placeText({ arm, load, metric })) ?? 0) : 0
      return (LEVELS[index] ?? 1) * Math.exp(night + (deviation / Math.SQRT2) * draw.normal())
    })
  const measured = new Map(MEASURED.map((trial) => [trial, valuesOf(trial)]))
  return gateCells(analysisOf(PLAN, measured, 'local'), {
    limits: LIMITS,
    pairs: [{ arm: CANDIDATE.name, reference: 'accepted' }],
    objections: [],
    today: '2026-01-01',
    breached,
    ...known,
  })
}

/** Log-ratios of the blocks of runs of other nights. */
function acceptedIn({ between, deviation, accepted }: PinnedAbout, draw: Random): Pinned {
  const run = () => {
    const night = between * draw.normal()
    return [Array.from({ length: LIMITS.blocks.initial }, () => night + deviation * draw.normal())]
  }
  const cells = Object.fromEntries(PLACES.map((place) => [placeText(place), Array.from({ length: accepted }, run)]))
  // The gate's cells read nothing else of it.
  return { baseline: BASELINE.name, runs: ['accepted'], cells } as unknown as Pinned
}

function historyIn({ between, deviation, history }: PinnedAbout, draw: Random): HistoryEntry[] {
  const spread = Math.sqrt(between ** 2 + deviation ** 2 / LIMITS.blocks.initial)
  const metricsOf = () =>
    Object.fromEntries(
      METRICS.map(({ name }) => [name, { ratio: { center: Math.exp(spread * draw.normal()), n: 10 } }]),
    )
  return Array.from({ length: history }, () =>
    LOADS.map(({ name: load }) => ({ arm: CANDIDATE.name, load, metrics: metricsOf() }) as unknown as HistoryEntry),
  ).flat()
}
