import { setTimeout as sleep } from 'node:timers/promises'
import { featureTitle, showsUnderLoad } from '../../../features/feature-cost.ts'
import { EFFECT, untilSteady } from '../../../features/try-probe.ts'
import type { LoadBench } from '../../../features/under-load.ts'
import { nameOf } from '../../../kubernetes/cluster.ts'
import type { Condition } from '../../../kubernetes/pods.ts'
import { Failure } from '../../../model/failure.ts'
import type { KubernetesObject } from '../../../model/mesh.ts'
import type { Evidence } from '../../../model/usage.ts'
import { capital, list } from '../../../model/words.ts'
import { objectsOfFeature } from '../arm-mesh.ts'
import type { ClusterArm } from '../cluster-arm.ts'
import { askServer } from './probe-site.ts'

/** What an object says of those who read it: a route of each of its parents. */
interface Told extends KubernetesObject {
  readonly status?: {
    readonly conditions?: readonly Condition[]
    readonly parents?: readonly { readonly conditions?: readonly Condition[] }[]
  }
}

/**
 * Waits until the feature of an arm that is up is in force, as far as requests can show it, and returns what shows it again after each
 * window. Undefined for an arm without a feature.
 *
 * @param pod that of the load generator
 * @throws Failure `no-feature` where requests do not show it in time, or an object is not there
 */
export async function featureInForce(
  standing: ClusterArm,
  pod: string,
  carried: LoadBench['carried'],
  signal: AbortSignal,
): Promise<((signal: AbortSignal) => Promise<Evidence>) | undefined> {
  const { arm, about } = standing.of
  const { feature } = arm
  if (feature === undefined) return undefined
  const objects = objectsOfFeature(arm, about.namespace)
  const shows = showsUnderLoad(feature, arm.mesh)
  const bench = (during: AbortSignal): LoadBench => ({
    ask: (request) => askServer(standing, pod, request, during),
    carried,
  })
  const missing = await missingOf(objects, standing, signal)
  if (missing !== undefined) throw refusal(feature, arm.name, capital(missing))
  if (shows) {
    const running = { wait: (seconds: number) => sleep(seconds * 1000, undefined, { signal }) }
    const look = () => shows(bench(signal))
    const { steadyAt, shown } = await untilSteady(true, look, { now: () => performance.now() / 1000, running, signal })
    if (steadyAt === undefined)
      throw refusal(feature, arm.name, `${capital(shown.seen)}, ${EFFECT} s after the arm was up.`)
  }
  return async (during) => {
    const lacking = await missingOf(objects, standing, during)
    const shown = await shows?.(bench(during))
    const there = lacking ?? `${list(objects.map(nameOf))} ${objects.length === 1 ? 'is' : 'are'} there`
    return {
      name: 'feature',
      holds: lacking === undefined && shown?.holds !== false,
      seen: `${featureTitle(feature)}: ${[shown?.seen, there].filter(Boolean).join('; ')}`,
      source: shown ? 'objects, and requests after the window' : 'objects after the window',
    }
  }
}

function refusal(feature: string, arm: string, cause: string): Failure {
  return new Failure(
    'no-feature',
    `${feature} is not in force in arm ${arm}, so that its cost would be that of nothing`,
    {
      cause,
      remedy:
        'See with `meshbench features` whether the mesh does it at all; or run the arm alone with --keep, then use kubectl.',
    },
  )
}

/** Which object is not there, or not accepted; undefined where all are. */
async function missingOf(
  objects: readonly KubernetesObject[],
  { cluster }: Pick<ClusterArm, 'cluster'>,
  signal: AbortSignal,
): Promise<string | undefined> {
  for (const object of objects) {
    const found = await cluster.read<Told>(object, signal)
    if (!found) return `${nameOf(object)} is not there`
    // A feature may be an annotation of a Service that is there without it too.
    const without = Object.entries(object.metadata.annotations ?? {}).find(
      ([name, value]) => found.metadata.annotations?.[name] !== value,
    )
    if (without) return `${nameOf(object)} lacks the annotation ${without.join(': ')}`
    const { conditions: own = [], parents = [] } = found.status ?? {}
    const conditions = [...own, ...parents.flatMap((parent) => parent.conditions ?? [])]
    const refused = conditions.find(({ type, status }) => type === 'Accepted' && status !== 'True')
    if (refused) return `${nameOf(object)} is not accepted: ${refused.message ?? 'without a reason'}`
  }
  return undefined
}
