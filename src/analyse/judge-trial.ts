import type { JudgedTrial, Problem } from '../model/analysis.ts'
import { type FailureData, isOfCluster } from '../model/failure.ts'
import type { Plan, Trial } from '../model/plan.ts'
import {
  type Generator,
  HELD_OF_GENERATOR,
  type HeldGenerator,
  type HeldReading,
  type HeldResult,
  type HeldSummary,
  type Reading,
  type Result,
  type Run,
  type StoredSummary,
} from '../model/result.ts'
import type { Evidence, Observation } from '../model/usage.ts'
import { count, failureSentence } from '../model/words.ts'
import { problemsInSearch } from './capacity/goal.ts'
import { metrics } from './metrics.ts'
import { clockStep } from './rules/clock-step.ts'
import { generatorSaturated } from './rules/generator-saturated.ts'
import { rules } from './rules/index.ts'
import type { Rule } from './rules/rule.ts'
import { type HeldView, type TrialView, viewsOfGenerators, viewTrial } from './trial-view.ts'

/** Judges a result by all validity rules. */
export function judgeTrial(result: Result, plan: Plan): JudgedTrial<Result> {
  return judgeView(result, viewTrial(result, plan.scenario))
}

/** What the analysis of a run needs of one trial: all that is left of it when the next one is read. */
export interface Examined {
  readonly trial: JudgedTrial
  /** Absent where it failed, or where the scenario lacks its arm or load. */
  readonly view?: HeldView
  /**
   * The value of every metric, in the order of the registry, NaN where the trial has none: an array of nothing but numbers takes
   * half the memory. Empty where the trial is not valid.
   */
  readonly values: readonly number[]
  /** The largest error of each of these values; absent where none has one. */
  readonly errors?: readonly number[]
}

/** Judges the trials of a run, one after the other. `trial`: as the plan has it. */
export function examiner({ id, plan }: Pick<Run, 'id' | 'plan'>): (whole: Result, trial?: Trial) => Examined {
  const holdReading = holder()
  return (whole, trial = whole.trial) => {
    const view = viewTrial(whole, plan.scenario)
    const { schema, startedAt, endedAt, outcome } = whole
    if (outcome.status === 'failed') {
      return { trial: judgeView({ schema, run: id, trial, startedAt, endedAt, outcome }, view), values: [] }
    }
    const reading = holdReading(outcome.reading)
    // Of an object that is spread into another, the engine holds what is added in a second array.
    const measured = { status: 'measured', reading } as const
    const result: HeldResult = { schema, run: id, trial, startedAt, endedAt, outcome: measured }
    const judged = judgeView(result, view)
    if (!view) return { trial: judged, values: [] }
    const values = judged.status === 'valid' ? metrics.map((metric) => metric.value(view) ?? Number.NaN) : []
    const errors = values.length > 0 ? errorsOf(view) : undefined
    return { trial: judged, view: heldView(view, trial, reading), values, ...(errors && { errors }) }
  }
}

function errorsOf(view: TrialView): number[] | undefined {
  const { observation, idle } = view.reading
  const all = [...observation.usage, ...(idle?.usage ?? [])]
  return all.some(({ cpuError = 0 }) => cpuError > 0) ? metrics.map((metric) => metric.error?.(view) ?? 0) : undefined
}

/** As `judgeTrial`, for callers that already have the view. */
function judgeView<Of extends HeldResult>(result: Of, view: TrialView | undefined): JudgedTrial<Of> {
  const { outcome } = result
  if (outcome.status === 'failed') return { result, status: 'failed', problems: [failed(outcome.failure)] }
  const problems = view ? problemsOf(view) : [unknown(result)]
  const invalid = problems.some(({ severity }) => severity === 'invalid')
  return { result, status: invalid ? 'invalid' : 'valid', problems }
}

function problemsOf(view: TrialView): Problem[] {
  const { capacity, operation } = view.load
  const found = foundIn(view)
  if (operation !== undefined) return found.flatMap(underOperation)
  if (!capacity || !view.trial.step) return found
  return problemsInSearch(view.reading, capacity, found, { overload: OVERLOAD, generator: generatorSaturated.name })
}

const OVERLOAD = namesWhere(({ findsOverload }) => findsOverload)

const DISTURBANCE = namesWhere(({ findsDisturbance }) => findsDisturbance)
const BLUR = namesWhere(({ blursLatency }) => blursLatency)

function namesWhere(holds: (rule: Rule) => boolean | undefined): ReadonlySet<string> {
  return new Set(rules.filter(holds).map(({ name }) => name))
}

/** What is left of a problem in a trial that an operation disturbed on purpose. */
function underOperation(problem: Problem): Problem[] {
  if (DISTURBANCE.has(problem.rule)) return []
  return [BLUR.has(problem.rule) ? { ...problem, severity: 'warning' } : problem]
}

/** Where a clock stepped, request times are wrong, so the rules that depend on them are skipped. */
function foundIn(view: TrialView): Problem[] {
  const found = foundBy(rules, view)
  const each = rules.filter(({ ofEach }) => ofEach)
  const ofGenerators = viewsOfGenerators(view).map((one) => ({ name: one.name, problems: foundBy(each, one.view) }))
  return [...found, ...ofSome(ofGenerators, found)]
}

function foundBy(judging: readonly Rule[], view: TrialView): Problem[] {
  const isStepped = [clockStep.judge(view)].flat().some((objection) => objection?.severity === 'invalid')
  return judging.flatMap(({ name, problem: message, usesClock, judge }) => {
    if (isStepped && usesClock) return []
    const objections = judge(view)
    return objections === undefined
      ? []
      : [objections].flat().map((objection) => ({ rule: name, message, ...objection }))
  })
}

interface OfGenerator {
  readonly name: string
  readonly problems: readonly Problem[]
}

/** What is wrong with some of several load generators and not with all of them together, said once for each rule. */
function ofSome(generators: readonly OfGenerator[], found: readonly Problem[]): Problem[] {
  const known = new Map(found.map(({ rule, severity }) => [rule, severity]))
  const all = generators
    .flatMap(({ name, problems }) => problems.map((problem) => ({ name, ...problem })))
    .filter(({ rule, severity }) => known.get(rule) !== 'invalid' && known.get(rule) !== severity)
  const alike = Map.groupBy(all, ({ rule, severity }) => `${rule} ${severity}`)
  return [...alike.values()].flatMap((same) => {
    const [first] = same
    if (!first) return []
    const { name, ...problem } = first
    const others = new Set(same.map((one) => one.name)).size - 1
    const more = others > 0 ? ` So it is with ${count(others, 'other')} of ${generators.length} load generators.` : ''
    return { ...problem, cause: `Load generator ${name}: ${problem.cause}${more}` }
  })
}

/** An exit code of 0 proves no success, so a trial counts only where a measurement could be read. */
function failed(failure: FailureData): Problem {
  const { message, cause, remedy } = failure
  return {
    rule: 'trial-failed',
    message: isOfCluster(failure) ? 'The trial failed by its cluster, not by its arm' : 'The trial failed',
    severity: 'invalid',
    cause: failureSentence(message, cause),
    effect: 'There is no measurement of this arm under this load in this block.',
    remedy: remedy ?? 'Check the raw output of the trial and the events of the run.',
  }
}

function unknown({ trial }: HeldResult): Problem {
  return {
    rule: 'unknown-trial',
    message: 'The trial is not in the plan',
    severity: 'invalid',
    cause: `The plan has no arm ${trial.arm} with load ${trial.load}.`,
    effect: 'The result belongs to another plan and is not used.',
    remedy: 'Keep the results of different scenarios in different runs.',
  }
}

/**
 * Evidence, names of components and most of what a generator says of itself repeat from trial to trial, so each is held once. So is
 * the idle window, which all trials of a visit have in common: in the order of the plan they follow each other.
 */
function holder(): (reading: Reading) => HeldReading {
  const names = new Map<string, string>()
  const evidence = new Map<string, Evidence>()
  const sayings = new Map<string, unknown>()
  const theSame = <One>(known: Map<string, One>, key: string, one: One): One => {
    const before = known.get(key)
    if (before === undefined) known.set(key, one)
    return before ?? one
  }
  const observed = ({ exposed: _, ...observation }: Observation): Observation => ({
    ...observation,
    usage: observation.usage.map((one) => ({ ...one, component: theSame(names, one.component, one.component) })),
    evidence: observation.evidence.map((one) => theSame(evidence, JSON.stringify(one), one)),
  })
  let last: { readonly text: string; readonly idle: Observation } | undefined
  const idleOf = (idle: Observation): Observation => {
    const text = JSON.stringify(idle)
    if (last?.text !== text) last = { text, idle: observed(idle) }
    return last.idle
  }
  return ({
    timeline,
    slices: _,
    codes: __,
    generators: ___,
    start: ____,
    latency: { service, summary },
    generator,
    observation,
    idle,
    ...rest
  }) => ({
    ...rest,
    checksums: { histogram: checksumOf(service), seconds: checksumOfTimeline(timeline) },
    latency: summary ? { summary: heldSummary(summary) } : {},
    generator: heldOf(generator, (saying) => theSame(sayings, JSON.stringify(saying), saying)),
    observation: observed(observation),
    ...(idle && { idle: idleOf(idle) }),
  })
}

/** FNV-1a, 32 bits (Fowler, Noll and Vo): fast, and enough to find candidates that are then compared as a whole. */
function checksumOf(text: string): number {
  let sum = OFFSET
  for (let index = 0; index < text.length; index++) sum = Math.imul(sum ^ text.charCodeAt(index), PRIME)
  return sum
}

function checksumOfTimeline({ p50, p90, p99, max }: Reading['timeline']): number {
  let sum = OFFSET
  for (const values of [p50, p90, p99, max]) for (const value of values) sum = Math.imul(sum ^ (value ?? -1), PRIME)
  return sum
}

const OFFSET = 0x811c9dc5
const PRIME = 0x01000193

type Summary = NonNullable<Reading['latency']['summary']>

function heldSummary({ service, response, asSent, bounds }: Summary): HeldSummary {
  const held = ({ p50, p99 }: StoredSummary) => ({ p50, p99 })
  return {
    service: held(service),
    ...(response && { response: held(response) }),
    ...(asSent && { asSent: held(asSent) }),
    ...(bounds && { bounds }),
  }
}

function heldView({ arm, load, mesh, headline: { p50 } }: TrialView, trial: Trial, reading: HeldReading): HeldView {
  const { response, service } = reading.latency.summary ?? {}
  // Held already, but for the trials of before that have it in their histograms only.
  const headline = [response, service].find((one) => one?.p50 === p50) ?? { p50 }
  return { trial, reading, arm, load, headline, ...(mesh && { mesh }) }
}

/** Numbers are held as they are. `once`: the same value for every trial that has an equal one. */
function heldOf(generator: Generator, once: (saying: unknown) => unknown): HeldGenerator {
  const held: Record<string, unknown> = {}
  for (const key of HELD_OF_GENERATOR) {
    const saying = generator[key]
    if (saying !== undefined) held[key] = typeof saying === 'number' ? saying : once(saying)
  }
  return held as unknown as HeldGenerator
}
