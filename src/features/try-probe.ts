import { Failure } from '../model/failure.ts'
import { FEATURE_SCHEMA, type FeatureObservation, type FeatureResult } from '../model/feature.ts'
import type { KubernetesObject } from '../model/mesh.ts'
import type { ProbeSite, RunningArm } from '../model/platform.ts'
import type { Arm } from '../model/scenario.ts'
import type { Seconds } from '../model/units.ts'
import { failureSentence } from '../model/words.ts'
import type { Bench, Probe, Shown } from './feature-probe.ts'

/** How long objects have until requests show what they are for, and until it is gone again. */
export const EFFECT: Seconds = 30
/** Between two looks, and between two readings of a log or a Job. */
const PAUSE: Seconds = 0.1
const LOG_PAUSE: Seconds = 0.5
/** How long a Job has until it is complete: its pod starts and ends within. */
const JOB: Seconds = 60
/** How many looks in a row must agree: proxies get what is new one after the other, so once is not always. */
const IN_A_ROW = 3

/** Refusals that say nothing of a mesh: a definition that is not installed, a right that the user lacks. */
const OURS = /knows no kind|forbidden/

/** What a probe is tried on. `now` is in seconds since the epoch. */
export interface Subject {
  readonly run: string
  readonly arm: Pick<Arm, 'name' | 'mesh' | 'values'>
  readonly version?: string | undefined
  readonly running: Pick<RunningArm, 'observe' | 'wait'>
  readonly site: ProbeSite
  readonly signal: AbortSignal
  readonly now: () => number
  readonly nonce: () => string
}

type Found = Pick<FeatureResult, 'verdict' | 'reason'> &
  Partial<Pick<FeatureResult, 'effectAfter' | 'goneAfter' | 'source' | 'objects' | 'observations'>>

/** Tries one probe on one arm. What fails is a result too; only a signal or a defect ends it. */
export async function tryProbe(probe: Probe, subject: Subject): Promise<FeatureResult> {
  const { run, arm, version, now, signal } = subject
  const startedAt = new Date(now() * 1000).toISOString()
  let found: Found
  try {
    found = await findOut(probe, subject)
  } catch (error) {
    signal.throwIfAborted()
    // A defect of ours is no finding about a mesh.
    if (!(error instanceof Failure)) throw error
    found = { verdict: 'not-tried', reason: failureSentence(error.message, error.why) }
  }
  return {
    ...{ schema: FEATURE_SCHEMA, run, arm: arm.name, mesh: arm.mesh, ...(version !== undefined && { version }) },
    ...{ feature: probe.name, objects: [], observations: [] },
    ...found,
    ...{ startedAt, endedAt: new Date(now() * 1000).toISOString() },
  }
}

async function findOut(probe: Probe, subject: Subject): Promise<Found> {
  const means = probe.means[subject.arm.mesh]
  if (means === undefined) {
    return { verdict: 'not-tried', reason: `meshbench has no objects for ${subject.arm.mesh} yet.` }
  }
  if ('unsupported' in means) return { verdict: 'unsupported', reason: means.unsupported, source: means.source }
  if ('untried' in means) return { verdict: 'not-tried', reason: means.untried }
  const bench = benchOf(subject)
  if ('byDefault' in means) return await byDefault(probe, bench)
  const { needs, objects } = means
  if (needs !== undefined && subject.arm.values?.[needs] !== true) {
    return {
      verdict: 'not-tried',
      reason: `The arm has to be installed with the setting ${needs}: values: { ${needs}: true }.`,
    }
  }
  return await byObjects(probe, objects({ namespace: bench.namespace, outside: bench.outside }), bench, subject)
}

async function byDefault(probe: Probe, bench: Bench): Promise<Found> {
  const observations = [observation('with', await probe.shows(bench))]
  if (!observations.every(({ holds }) => holds)) {
    return {
      verdict: 'does-not-work',
      reason: 'Requests did not show it, although the mesh should do it by default.',
      observations,
    }
  }
  if (probe.elsewhere) observations.push(observation('elsewhere', await probe.elsewhere(bench)))
  if (observations.at(-1)?.when === 'elsewhere' && observations.at(-1)?.holds) {
    return {
      verdict: 'not-tried',
      reason: 'It was also seen where it must be absent, so nothing is proved.',
      observations,
    }
  }
  return { verdict: 'works', reason: 'Requests showed it without any configuration.', observations }
}

async function byObjects(
  probe: Probe,
  objects: readonly KubernetesObject[],
  bench: Bench,
  subject: Subject,
): Promise<Found> {
  const { site, signal, now } = subject
  const premise = await probe.premise?.(bench)
  if (premise?.holds === false) {
    const observations = [observation('without', premise)]
    return { verdict: 'not-tried', reason: 'What must be true without the objects is not.', observations }
  }
  const without = observation('without', await probe.shows(bench))
  const about = { objects: [...objects], observations: [without] }
  if (without.holds) {
    return { ...about, verdict: 'not-tried', reason: 'It was seen without the objects too, so they prove nothing.' }
  }
  try {
    try {
      await site.apply(objects, signal)
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof Failure) || error.code !== 'apply' || OURS.test(error.why ?? '')) throw error
      return { ...about, verdict: 'does-not-work', reason: failureSentence(error.message, error.why) }
    }
    const accepted = now()
    const effect = await untilSteady(true, () => probe.shows(bench), subject)
    const observations = [without, observation('with', effect.shown)]
    if (effect.steadyAt === undefined) {
      const wanting = effect.wasSeen ? 'it was seen, but not three times in a row' : 'requests did not show it'
      const reason = `The objects were accepted, and within ${EFFECT} s ${wanting}.`
      return { ...about, observations, verdict: effect.wasSeen ? 'partly' : 'does-not-work', reason }
    }
    await site.remove(objects, signal)
    const removed = now()
    const end = await untilSteady(false, () => probe.shows(bench), subject)
    const all = {
      ...about,
      effectAfter: effect.steadyAt - accepted,
      observations: [...observations, observation('removed', end.shown)],
    }
    if (end.steadyAt === undefined) {
      return { ...all, verdict: 'partly', reason: `It was still seen ${EFFECT} s after the objects were removed.` }
    }
    return {
      ...all,
      goneAfter: end.steadyAt - removed,
      verdict: 'works',
      reason: 'Requests showed it with the objects, and not without them.',
    }
  } finally {
    // Also where a look failed half way: what stays would answer for the next probe.
    await site.remove(objects, new AbortController().signal)
  }
}

interface Looks {
  readonly shown: Shown
  /** When the first of three looks in a row that agree had ended; absent where there were none in time. */
  readonly steadyAt?: number
  /** Whether any look agreed. */
  readonly wasSeen: boolean
}

/** Looks until the behaviour is there, or until it is gone, three times in a row. */
export async function untilSteady(
  wanted: boolean,
  look: () => Promise<Shown>,
  { now, running, signal }: Pick<Subject, 'now' | 'signal'> & { readonly running: Pick<RunningArm, 'wait'> },
): Promise<Looks> {
  const deadline = now() + EFFECT
  let wasSeen = false
  let row = 0
  let began = 0
  for (let looks = 1; ; looks++) {
    const shown = await look()
    row = shown.holds === wanted ? row + 1 : 0
    if (row === 1) began = now()
    wasSeen ||= row > 0
    if (row === IN_A_ROW) return { shown, steadyAt: began, wasSeen }
    // Where time is simulated, pauses take none.
    if (row === 0 && (now() > deadline || looks * PAUSE > EFFECT)) return { shown, wasSeen }
    await running.wait(PAUSE, signal)
  }
}

function benchOf({ site, running, signal, nonce }: Subject): Bench {
  return {
    namespace: site.namespace,
    outside: site.outside,
    ask: (request) => site.ask({ to: 'versions', ...request }, signal),
    served: (version, path) => site.served(version, path, signal),
    async logged(log, text, { lines, within }) {
      for (let waited = 0; ; waited += LOG_PAUSE) {
        const found = await site.logged(log, text, signal)
        if (found.length >= lines || waited >= within) return found
        await running.wait(LOG_PAUSE, signal)
      }
    },
    async job(name) {
      for (let waited = 0; ; waited += LOG_PAUSE) {
        const job = await site.job(name, signal)
        if (!job || job.ended || waited >= JOB) return job
        await running.wait(LOG_PAUSE, signal)
      }
    },
    async observed(act) {
      const window = await running.observe()
      await act()
      return await window.close()
    },
    nonce,
  }
}

function observation(when: FeatureObservation['when'], { holds, seen }: Shown): FeatureObservation {
  return { when, holds, seen }
}
