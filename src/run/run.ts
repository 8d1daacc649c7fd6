import type { Event } from '../model/event.ts'
import { Failure, isOfCluster } from '../model/failure.ts'
import { type Cohort, type Plan, type Trial, trialsOf, type Visit } from '../model/plan.ts'
import { eachStep, type RunningArm, type Step, type Testbed } from '../model/platform.ts'
import { type Outcome, RESULT_SCHEMA, type Result } from '../model/result.ts'
import { type Arm, loadAt } from '../model/scenario.ts'
import type { Observation } from '../model/usage.ts'
import { failed, measure, type World } from './measure.ts'

/** What every step of a visit needs. */
interface Stage {
  readonly plan: Plan
  readonly testbed: Testbed
  readonly world: World
  /** Trials of the visit that were repeated. */
  readonly retried: Set<string>
}

/**
 * Runs a plan and yields events. The caller pulls: the run continues only after the caller has handled an event, so a
 * result is on disk before the next trial starts, and leaving the loop runs every teardown.
 *
 * A failed trial is a result. An arm that cannot be raised fails its own trials. A failed teardown ends the run, since
 * leftovers would affect every later block.
 */
export async function* run(plan: Plan, finished: number, world: World): AsyncGenerator<Event> {
  const tally = { measured: 0, failed: 0 }
  yield { at: world.now(), type: 'run', plan, trials: trialsOf(plan).length + finished, finished }
  for (const cohort of plan.cohorts) {
    for await (const event of runCohort(plan, cohort, world)) {
      if (event.type === 'result') tally[event.result.outcome.status]++
      yield event
    }
  }
  yield { at: world.now(), type: 'done', ...tally }
}

async function* runCohort(plan: Plan, cohort: Cohort, world: World): AsyncGenerator<Event> {
  yield { at: world.now(), type: 'cohort', cohort }
  world.signal.throwIfAborted()
  await using testbed = yield* steps(world.platform.open(plan, cohort, world.identity, world.signal), world)
  for (const { block, visits } of cohort.blocks) {
    for (const visit of visits) {
      yield { at: world.now(), type: 'visit', visit, cohort: cohort.cohort, block }
      yield* carryOut(visit, { plan, testbed, world })
    }
  }
}

/** Runs a visit. A failed trial may have broken the arm, and an operation has changed it, so it is raised again for the remaining trials. */
async function* carryOut(visit: Visit, stage: Omit<Stage, 'retried'>): AsyncGenerator<Event> {
  const arm = named(stage.plan.scenario.arms, visit.arm)
  const retried = new Set<string>()
  let rest = visit.trials
  while (rest.length > 0) {
    const ended = yield* untilFailure(arm, rest, { ...stage, retried })
    rest = rest.slice(ended)
  }
}

/** Raises the arm, measures trials until one fails or has an operation, lowers the arm. Returns how many planned trials have ended. */
async function* untilFailure(arm: Arm, trials: readonly Trial[], stage: Stage): AsyncGenerator<Event, number> {
  const { world } = stage
  const startedAt = world.now()
  let ended = 0
  try {
    let runningArm: RunningArm
    let idle: Observation | undefined
    try {
      runningArm = yield* raise(arm, stage)
      idle = yield* observeIdle(runningArm, arm, stage)
    } catch (error) {
      world.signal.throwIfAborted()
      for (const planned of trials) {
        for (let trial = first(planned, world); trial; trial = following(trial, planned, world)) {
          yield* settled(resultEvent(trial, startedAt, failed(error), [], world), planned, world)
        }
      }
      return trials.length
    }
    for (const planned of trials) {
      let outcome: Outcome['status'] | 'again' = 'measured'
      let trial = first(planned, world)
      while (trial && outcome === 'measured') {
        outcome = yield* measureOne({ runningArm, trial, planned, idle }, stage)
        if (outcome !== 'again') trial = following(trial, planned, world)
      }
      if (!trial) ended++
      // After an operation the pods are no longer those that the arm was raised with.
      if (outcome !== 'measured' || named(stage.plan.scenario.loads, planned.load).operation !== undefined) break
    }
  } finally {
    await lower(arm, stage)
  }
  yield { at: world.now(), type: 'lowered', arm: arm.name }
  return ended
}

/** The first trial to measure of a planned one: itself, or what a search wants. */
function first(planned: Trial, { searches }: World): Trial | undefined {
  return searches?.includes(planned) ? searches.next(planned) : planned
}

/** What is left to measure of a planned trial, now that `trial` has its result. */
function following(trial: Trial, planned: Trial, { searches }: World): Trial | undefined {
  return trial === planned ? undefined : searches?.next(planned)
}

/** A result that is told to the searches, and the end of its search, where it is the last one. */
async function* settled(event: ResultEvent, planned: Trial, world: World): AsyncGenerator<Event> {
  yield event
  const { trial } = event.result
  if (trial === planned) return
  world.searches?.tell(event.result)
  if (!following(trial, planned, world)) yield { at: world.now(), type: 'searched', trial: planned }
}

async function* raise(arm: Arm, { testbed, world }: Stage): AsyncGenerator<Event, RunningArm> {
  world.signal.throwIfAborted()
  return yield* steps(testbed.raise(arm, world.signal), world, arm.name)
}

/**
 * Measures what the arm uses without load, between the same snapshots as under load. This is before the first measured
 * request, when client, server and proxies are new. Its evidence is dropped, since there is no traffic.
 */
async function* observeIdle(
  runningArm: RunningArm,
  arm: Arm,
  { plan, world }: Stage,
): AsyncGenerator<Event, Observation | undefined> {
  const { idle: seconds = 0 } = plan.scenario
  if (seconds === 0) return undefined
  yield { at: world.now(), type: 'idle', arm: arm.name, seconds }
  const window = await runningArm.observe()
  await runningArm.wait(seconds, world.signal)
  return { ...(await window.close()), evidence: [] }
}

/** Yields every step as an event, and returns the result of the steps. */
function steps<T>(doing: AsyncGenerator<Step, T>, world: World, arm?: string): AsyncGenerator<Event, T> {
  return eachStep(doing, function* ({ title, arm: whose = arm, installation }): Iterable<Event> {
    yield { at: world.now(), type: 'step', title, ...(whose === undefined ? {} : { arm: whose }) }
    if (installation) yield { at: world.now(), type: 'installed', installation }
  })
}

async function lower(arm: Arm, { testbed }: Stage): Promise<void> {
  try {
    await testbed.lower(arm)
  } catch (error) {
    throw new Failure('not-clean', `arm ${arm.name} could not be removed or frozen`, {
      cause: error,
      remedy:
        'Its leftovers would affect every later block, so the run ends. Run `meshbench clean`, then `meshbench run --resume`.',
    })
  }
}

interface Measured {
  readonly runningArm: RunningArm
  readonly trial: Trial
  readonly planned: Trial
  readonly idle: Observation | undefined
}

async function* measureOne(
  { runningArm, trial, planned, idle }: Measured,
  { plan, world, retried }: Stage,
): AsyncGenerator<Event, Outcome['status'] | 'again'> {
  const startedAt = world.now()
  let ended: Outcome['status'] | 'again' | undefined
  const load = loadAt(named(plan.scenario.loads, trial.load), trial)
  for await (const event of measure(runningArm, trial, load, world)) {
    if (event.type !== 'outcome') {
      yield event
      continue
    }
    const { raw } = event
    const outcome = ofVisit(event.outcome, idle, runningArm)
    // Not caused by the arm, as in a cluster that was just thawed: repeated once; a second failure is a failure like others.
    if (outcome.status === 'failed' && isOfCluster(outcome.failure) && !retried.has(trial.id)) {
      retried.add(trial.id)
      yield { at: world.now(), type: 'warning', failure: outcome.failure }
      ended = 'again'
      continue
    }
    yield* settled(resultEvent(trial, startedAt, outcome, raw, world), planned, world)
    ended = outcome.status
  }
  if (ended === undefined) throw new TypeError('a trial ended without an outcome')
  return ended
}

/** Trials of a visit share its idle window, and how long its pods took to start. */
function ofVisit(outcome: Outcome, idle: Observation | undefined, { start }: RunningArm): Outcome {
  if (outcome.status === 'failed') return outcome
  return { ...outcome, reading: { ...outcome.reading, ...(idle && { idle }), ...(start && { start }) } }
}

type ResultEvent = Extract<Event, { type: 'result' }>

function resultEvent(
  trial: Trial,
  startedAt: number,
  outcome: Outcome,
  raw: ResultEvent['raw'],
  world: World,
): ResultEvent {
  const at = world.now()
  const iso = (seconds: number) => new Date(seconds * 1000).toISOString()
  const result: Result = {
    schema: RESULT_SCHEMA,
    run: world.identity.id,
    trial,
    startedAt: iso(startedAt),
    endedAt: iso(at),
    outcome,
  }
  return { at, type: 'result', result, raw }
}

function named<T extends { readonly name: string }>(items: readonly T[], name: string): T {
  const found = items.find((item) => item.name === name)
  if (!found) throw new TypeError(`the plan names ${name}, which its scenario lacks`)
  return found
}
