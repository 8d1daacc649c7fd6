import type { ObjectName } from './cluster.ts'

/** For messages: "Deployment istio-system/istiod". */
export function nameOf({ kind, metadata }: Omit<ObjectName, 'apiVersion'>): string {
  return metadata.namespace === undefined
    ? `${kind} ${metadata.name}`
    : `${kind} ${metadata.namespace}/${metadata.name}`
}
