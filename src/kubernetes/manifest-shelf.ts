import type { KubernetesObject } from '../model/mesh.ts'
import { once } from './once.ts'
import { readManifests } from './read-manifests.ts'

/** Manifests, each place read once, however many clusters they are applied to. */
export interface ManifestShelf {
  objects(place: string, signal: AbortSignal): Promise<readonly KubernetesObject[]>
}

export function manifestShelf(): ManifestShelf {
  const shelved = once<readonly KubernetesObject[]>()
  return { objects: (place, signal) => shelved(place, () => readManifests(place, signal)) }
}
