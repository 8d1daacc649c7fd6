import type { ObjectName } from './cluster.ts'

/** What others need to exist comes first; what can refuse others, last. */
const FIRST = new Set(['Namespace', 'CustomResourceDefinition'])
const WORKLOADS = new Set(['Pod', 'Deployment', 'DaemonSet', 'StatefulSet', 'ReplicaSet', 'Job', 'CronJob'])
const LAST = new Set(['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'])

/** Groups within which order does not matter. */
export function wavesOf<T extends ObjectName>(objects: readonly T[]): readonly (readonly T[])[] {
  const waves: T[][] = [[], [], [], []]
  for (const object of objects) waves[waveOf(object.kind)]?.push(object)
  return waves.filter((wave) => wave.length > 0)
}

function waveOf(kind: string): number {
  if (FIRST.has(kind)) return 0
  if (WORKLOADS.has(kind)) return 2
  return LAST.has(kind) ? 3 : 1
}
