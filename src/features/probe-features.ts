import { Failure } from '../model/failure.ts'
import { FEATURE_SCHEMA, type FeatureResult } from '../model/feature.ts'
import type { Installation } from '../model/installation.ts'
import { type Plan, visitedArms } from '../model/plan.ts'
import { eachStep, type Platform, type RunIdentity, type Step, type Testbed } from '../model/platform.ts'
import type { Arm } from '../model/scenario.ts'
import type { Probe } from './feature-probe.ts'
import { tryProbe } from './try-probe.ts'

/** What happens while features are probed. */
export type FeatureEvent =
  | { readonly type: 'step'; readonly title: string; readonly arm?: string }
  | { readonly type: 'installed'; readonly installation: Installation }
  | { readonly type: 'trying'; readonly arm: string; readonly probe: Probe }
  | { readonly type: 'result'; readonly result: FeatureResult }

interface FeatureWorld {
  readonly platform: Platform
  readonly identity: RunIdentity
  readonly probes: readonly Probe[]
  readonly signal: AbortSignal
  /** Seconds since the epoch. */
  readonly now: () => number
  /** A text that no other call returns. */
  readonly nonce: () => string
  /** Whether there is a result already. */
  readonly isFinished: (arm: string, feature: string) => boolean
}

/**
 * Tries every probe on every arm of a plan, and yields what happens. As with trials, the caller pulls: a result is on disk before the next
 * probe begins, and leaving the loop runs every teardown. An arm that cannot be raised fails its own probes.
 */
export async function* probeFeatures(plan: Plan, world: FeatureWorld): AsyncGenerator<FeatureEvent> {
  const { platform, identity, signal, probes, isFinished } = world
  const [cohort] = plan.cohorts
  const arms = (cohort ? visitedArms(plan, cohort) : []).flatMap((arm) => {
    const left = probes.filter(({ name }) => !isFinished(arm.name, name))
    return left.length === 0 ? [] : [{ arm, left }]
  })
  if (cohort === undefined || arms.length === 0) return
  const installed = new Map<string, Installation>()
  await using testbed = yield* steps(platform.open(plan, cohort, identity, signal), installed)
  for (const { arm, left } of arms) {
    try {
      yield* probeArm(arm, left, testbed, installed, world)
    } finally {
      await testbed.lower(arm)
    }
  }
}

async function* probeArm(
  arm: Arm,
  left: readonly Probe[],
  testbed: Testbed,
  installed: Map<string, Installation>,
  { identity: { id: run }, signal, now, nonce }: FeatureWorld,
): AsyncGenerator<FeatureEvent> {
  const startedAt = new Date(now() * 1000).toISOString()
  const version = () => installed.get(arm.name)?.version
  const tried = new Set<string>()
  try {
    const running = yield* steps(testbed.raise(arm, signal), installed, arm.name)
    if (!running.probeSite) {
      throw new Failure('unsupported', 'this platform has no namespace in which features could be probed', {
        remedy: 'Use a platform with clusters, and neither a workload of your own nor an entrance by a gateway.',
      })
    }
    yield { type: 'step', title: 'creating what the probes need', arm: arm.name }
    await using site = await running.probeSite(signal)
    for (const probe of left) {
      yield { type: 'trying', arm: arm.name, probe }
      const result = await tryProbe(probe, { run, arm, version: version(), running, site, signal, now, nonce })
      tried.add(probe.name)
      yield { type: 'result', result }
    }
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof Failure)) throw error
    const { message, why } = error
    if (tried.size === left.length) {
      // What this leaves is removed with the cluster, or found by `clean`.
      yield { type: 'step', title: `not all that the probes made could be removed: ${message}`, arm: arm.name }
      return
    }
    const reason = `The arm is not up: ${why === undefined ? message : `${message} (${why})`}`
    const endedAt = new Date(now() * 1000).toISOString()
    for (const { name: feature } of left.filter(({ name }) => !tried.has(name))) {
      yield {
        type: 'result',
        result: {
          ...{ schema: FEATURE_SCHEMA, run, arm: arm.name, mesh: arm.mesh, feature },
          ...{ verdict: 'not-tried', reason, objects: [], observations: [], startedAt, endedAt },
        },
      }
    }
  }
}

function steps<T>(
  doing: AsyncGenerator<Step, T>,
  installed: Map<string, Installation>,
  arm?: string,
): AsyncGenerator<FeatureEvent, T> {
  return eachStep(doing, function* ({ title, arm: own = arm, installation }): Iterable<FeatureEvent> {
    yield { type: 'step', title, ...(own !== undefined && { arm: own }) }
    if (!installation) return
    installed.set(installation.arm, installation)
    yield { type: 'installed', installation }
  })
}
