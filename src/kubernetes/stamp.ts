import type { KubernetesObject } from '../model/mesh.ts'

/** The label by which everything that a run makes in a cluster says whose it is. */
export const RUN_LABEL = 'meshbench.io/run'

export function stamped<T extends Pick<KubernetesObject, 'metadata'>>(object: T, run: string): T {
  const { metadata } = object
  return { ...object, metadata: { ...metadata, labels: { ...metadata.labels, [RUN_LABEL]: run } } }
}
