import { provisions } from '../analyse/provisions.ts'
import { list } from '../analyse/wording.ts'
import type { Analysis } from '../model/analysis.ts'
import type { CellLimits, Limits } from '../model/limits.ts'
import { baselineOf, isSameArm } from '../model/scenario.ts'
import type { GateCell } from '../model/verdict.ts'
import { holm } from '../stats/holm.ts'
import { type CohortSpread, cohortSpread } from '../stats/nested.ts'
import { cellLimits } from './cell-limits.ts'
import { type Compared, comparePaired, comparePinned, type Lookup, logRatios, lookUp, pairUp } from './compared.ts'
import { basisOf, chanceOf, type Effect, ratioOf } from './effect.ts'
import { boundOf, type Chances, decisionOf, isFinal, type Judgement, judgePinned, judgeStage } from './judge.ts'
import { neededFor } from './needed.ts'
import type { Objection } from './objection.ts'
import type { Pairing } from './pairs.ts'
import { type Place, placeText } from './pattern.ts'
import type { Pinned } from './pinned-file.ts'
import { cellSentence, reproduceCommand } from './sentence.ts'
import { waiverOf } from './waivers.ts'

/** What cells are judged with, besides the analysis. */
export interface Bench {
  readonly limits: Limits
  readonly pairs: readonly Pairing[]
  readonly objections: readonly Objection[]
  /** A day in UTC, `2026-12-01`. */
  readonly today: string
  readonly pinned?: Pinned
  /** `arm/load/metric` of what breached the pinned reference in the run before. */
  readonly breached: ReadonlySet<string>
}

/** A cell that cannot be judged says why; every other has an effect. */
interface Weighed {
  readonly compared: Compared
  readonly why?: string
}

/** Every cell of the family and beside it, judged. */
export function gateCells(analysis: Analysis, bench: Bench): GateCell[] {
  const weighed = compareAll(analysis, bench).map((compared) => ({ compared, ...whyNot(compared, analysis, bench) }))
  const chances = chancesOf(weighed)
  return weighed.map((one, index) => {
    const family = weighed.filter(({ compared }) => compared.limits.level === one.compared.limits.level).length
    return cellOf(one, chances[index] as Chances, { analysis, bench, family })
  })
}

function compareAll({ cells, record, metrics }: Analysis, { limits, pairs, pinned }: Bench): Compared[] {
  const lookup: Lookup = lookUp({ cells, record })
  const { scenario } = record.run.plan
  const baseline = baselineOf(scenario).name
  const equal = scenario.arms.slice(1).filter((arm) => isSameArm(arm, baselineOf(scenario)))
  const again = { baseline, arms: equal.map(({ name }) => name) }
  return pairs.flatMap(({ arm, reference }) =>
    scenario.loads.flatMap(({ name: load }) =>
      metrics.flatMap((info): Compared[] => {
        const place = { arm, load, metric: info.name }
        const { level, ...own } = cellLimits(limits, place)
        if (level === 'off') return []
        const spread = spreadOf(own, again, { load, metric: info.name }, lookup)
        const subject = { ...place, reference, info, limits: { ...own, level }, ...(spread && { spread }) }
        if (!pinned) return [comparePaired(subject, lookup)]
        return [comparePinned(subject, lookup, baseline, pinned.cells[placeText(place)] ?? [])]
      }),
    ),
  )
}

interface Repeats {
  readonly baseline: string
  readonly arms: readonly string[]
}

/** What the limits say; else, of several cohorts, what the arms that repeat the baseline show. */
function spreadOf(
  { spread }: CellLimits,
  { baseline, arms }: Repeats,
  { load, metric }: Pick<Place, 'load' | 'metric'>,
  lookup: Lookup,
): CohortSpread | undefined {
  if (spread) return { deviation: spread.deviation, freedom: spread.cohorts }
  const base = lookup.values(baseline, load, metric)
  const cohorts = arms.flatMap((arm) => logRatios(pairUp(lookup.values(arm, load, metric), base)) ?? [])
  return new Set(base.map(({ cohort }) => cohort)).size < 2 ? undefined : cohortSpread(cohorts)
}

/** What keeps a cell from being judged; too few planned blocks are no fault, only too little. */
function whyNot(compared: Compared, analysis: Analysis, { objections, limits, pinned }: Bench): { why?: string } {
  const { arm, load, blocks, cohorts, lost } = compared
  const reference = pinned ? pinned.baseline : compared.reference
  const objection = objections.find((one) => one.spoils && concerns(one, { ...compared, reference }))
  if (objection) return { why: objection.sentence }
  const { minValid } = limits.blocks
  const share = `${blocks.valid} of ${blocks.planned} blocks have a valid trial of both ${arm} and ${reference}`
  if (blocks.planned === 0) return { why: `no block has both ${arm} and ${reference} under ${load}.` }
  if (blocks.valid < Math.min(minValid, blocks.planned))
    return { why: `${share}, fewer than ${minValid}${lostTo(analysis, [arm, reference], load)}.` }
  if (lost.candidate > lost.reference + 1) {
    return {
      why: `${arm} lost ${lost.candidate} blocks and ${reference} ${lost.reference}: what is left may be its better part.`,
    }
  }
  if (blocks.planned < minValid) return {}
  if (!compared.effect) {
    return { why: pinned ? 'the pinned reference has too little of it.' : 'its values have no ratio.' }
  }
  if (cohorts < 2 && !compared.limits.spread && provisions(analysis.record)) {
    return { why: 'all blocks are of one provisioning, and no spread between clusters is given.' }
  }
  return {}
}

/** The validity rules that took the trials. */
function lostTo({ trials }: Analysis, arms: readonly string[], load: string): string {
  const lost = trials.filter(
    ({ status, result: { trial } }) => status !== 'valid' && trial.load === load && arms.includes(trial.arm),
  )
  const rules = lost.flatMap(({ problems }) =>
    problems.flatMap(({ rule, severity }) => (severity === 'invalid' ? rule : [])),
  )
  return rules.length === 0 ? '' : ` (${list([...new Set(rules)])})`
}

export function concerns({ arm, load, metric }: Objection, cell: Place & { readonly reference?: string }): boolean {
  return (
    (arm === undefined || arm === cell.arm || arm === cell.reference) &&
    (load === undefined || load === cell.load) &&
    (metric === undefined || metric === cell.metric)
  )
}

/** Holm within each level. What was not judged counts as found nothing, so the family stays as large as was declared. */
function chancesOf(weighed: readonly Weighed[]): Chances[] {
  const p = weighed.map(({ compared: { effect }, why }) =>
    effect && why === undefined ? chanceOf(effect) : { worse: 1, better: 1 },
  )
  const adjusted = p.map((one) => ({ ...one }))
  for (const level of ['error', 'warn']) {
    const members = weighed.flatMap(({ compared }, index) => (compared.limits.level === level ? [index] : []))
    for (const side of ['worse', 'better'] as const) {
      const values = holm(members.map((index) => p[index]?.[side] ?? 1))
      for (const [place, index] of members.entries()) Object.assign(adjusted[index] ?? {}, { [side]: values[place] })
    }
  }
  return p.map((one, index) => ({ p: one, adjusted: adjusted[index] ?? one }))
}

interface Circumstances {
  readonly analysis: Analysis
  readonly bench: Bench
  readonly family: number
}

function cellOf({ compared, why }: Weighed, chances: Chances, { analysis, bench, family }: Circumstances): GateCell {
  const { arm, reference, load, info, limits, effect, direction, difference, blocks, cohorts } = compared
  const judgement = why === undefined ? judge(compared, chances, bench) : INVALID
  const needed = neededIn(compared, judgement, bench, family)
  const cell: Omit<GateCell, 'sentence' | 'reproduce'> = {
    arm,
    reference,
    load,
    metric: info,
    level: why === undefined ? limits.level : limits.nodata === 'warn' ? 'warn' : limits.level,
    ...judgement,
    waived: judgement.verdict !== 'invalid' && waiverOf(bench.limits.waivers, compared, bench.today) !== undefined,
    ...(effect && figuresOf(effect, direction)),
    ...(difference && { difference }),
    ...(effect && why === undefined && chances),
    blocks,
    cohorts,
    ...(needed && { needed }),
  }
  const planned = Math.max(blocks.planned, bench.limits.blocks.initial)
  return {
    ...cell,
    sentence: cellSentence(cell, analysis.noise, why),
    reproduce: reproduceCommand(analysis.record, cell, planned),
  }
}

const INVALID: Judgement = { verdict: 'invalid', suspected: false }

function judge(compared: Compared, chances: Chances, { limits, pinned, breached }: Bench): Judgement {
  const { effect, blocks } = compared
  if (!effect || blocks.planned < limits.blocks.minValid) return { verdict: 'inconclusive', suspected: false }
  const measured = { ...compared, effect }
  if (pinned) return judgePinned(measured, chances, limits.alpha, breached.has(placeText(compared)))
  return judgeStage(measured, chances, { alpha: limits.alpha, isLast: isFinal(compared, limits) })
}

/** Of a suspicion what the second stage has; else never fewer than may decide at all. */
function neededIn(compared: Compared, { verdict, suspected }: Judgement, { limits }: Bench, family: number) {
  const { effect, cohorts } = compared
  const { minValid, extendTo } = limits.blocks
  if (verdict !== 'inconclusive') return undefined
  if (suspected) return { blocks: extendTo, cohorts }
  if (!effect) return { blocks: minValid, cohorts }
  const found = neededFor(effect, decisionOf(compared, limits.alpha, family))
  return found && { ...found, blocks: Math.max(found.blocks, minValid) }
}

function figuresOf(effect: Effect, direction: 1 | -1) {
  return {
    ratio: ratioOf(effect, direction),
    bound: Math.exp(direction * boundOf(effect)),
    basis: basisOf(effect),
    deviation: effect.deviation,
  }
}
