import type { KubernetesObject } from '../model/mesh.ts'
import type { Means, Probe, Where } from './feature-probe.ts'
import { probes } from './probes/index.ts'
import { underLoad } from './probes/load-objects.ts'
import { aimedAt, type LoadBench, type UnderLoad } from './under-load.ts'

/** Where the server of a load is. */
export interface ServerOfLoad extends Where {
  /** Its Service, and the label `app` of its pods. */
  readonly service: string
}

/** Features whose cost can be measured, by the names of their probes, in the order of the matrix. */
export const COSTED: readonly string[] = probes.map(({ name }) => name).filter((name) => howOf(name) !== undefined)

/** Those of them that are measured where none are named. */
export const COSTED_UNASKED: readonly string[] = COSTED.filter((name) => howOf(name)?.unasked === undefined)

/** Why each other feature of the matrix is not measured, or not unasked: one sentence. */
export function whyNotCosted(): readonly { readonly feature: string; readonly why: string }[] {
  return probes.flatMap(({ name: feature }) => {
    const found = underLoad[feature]
    if (!found) return [{ feature, why: NO_OBJECTS }]
    const why = 'unfit' in found ? found.unfit : found.unasked
    return why === undefined ? [] : [{ feature, why }]
  })
}

const NO_OBJECTS = 'meshbench has no objects for it under load yet.'

/** Why the cost of a feature cannot be measured on a mesh, as a sentence, in the words of its project where it does not have it. */
export function lackOf(feature: string, mesh: string): string | undefined {
  const known = underLoad[feature]
  if (!known) return NO_OBJECTS
  if ('unfit' in known) return known.unfit
  if (known.objects?.[mesh]) return undefined
  const means = meansOf(feature, mesh)
  if (!means) return `meshbench has no objects for ${mesh} yet.`
  if ('objects' in means) return undefined
  return 'unsupported' in means ? `${means.unsupported} (${means.source})` : 'Every arm of the mesh has it.'
}

/**
 * The objects that put a feature on the server of a load.
 *
 * @throws TypeError where `lackOf` has a reason
 */
export function featureObjects(feature: string, mesh: string, { service, ...where }: ServerOfLoad): KubernetesObject[] {
  const means = meansOf(feature, mesh)
  const objects = howOf(feature)?.objects?.[mesh] ?? (means && 'objects' in means ? means.objects : undefined)
  if (!objects) throw new TypeError(`there are no objects for ${feature} on ${mesh}`)
  return aimedAt(service, [...objects(where)])
}

/** Whether a feature needs the definitions of the Gateway API. */
export function needsRoutes(feature: string, mesh: string): boolean {
  const objects = featureObjects(feature, mesh, { namespace: 'any', service: 'any' })
  return objects.some(({ apiVersion }) => apiVersion.startsWith('gateway.networking.k8s.io/'))
}

/** What shows a feature by requests to the server of a load; undefined where only its objects can be seen. */
export function showsUnderLoad(
  feature: string,
  mesh: string,
): ((bench: LoadBench) => ReturnType<Probe['shows']>) | undefined {
  const { shows, unseenOn = [] } = howOf(feature) ?? {}
  return unseenOn.includes(mesh) ? undefined : shows
}

/** Whether the server of a load is sent more requests than the load consists of. */
export function copiesRequests(feature: string | undefined): boolean {
  return feature !== undefined && howOf(feature)?.copies === true
}

export function featureTitle(feature: string): string {
  return probes.find(({ name }) => name === feature)?.title ?? feature
}

function howOf(feature: string): Exclude<UnderLoad, { readonly unfit: string }> | undefined {
  const found = underLoad[feature]
  return found && !('unfit' in found) ? found : undefined
}

function meansOf(feature: string, mesh: string): Means | undefined {
  return probes.find(({ name }) => name === feature)?.means[mesh]
}
