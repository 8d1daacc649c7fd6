import type { Settings } from '../model/mesh.ts'

/** Limits that the settings ask for, as Kubernetes writes them; absent where they are left as shipped. */
interface Limits {
  readonly cpu?: string
  readonly memory?: string
}

function limitsOf(settings: Settings): Limits {
  const cpu = Number(settings['cpuLimit'] ?? 0)
  const memory = Number(settings['memoryLimit'] ?? 0)
  return { ...(cpu > 0 && { cpu: String(cpu) }), ...(memory > 0 && { memory: `${memory}Mi` }) }
}

/**
 * Container resources with the limits asked for, or nothing where none are. Requests are named beside them, since a limit
 * without one becomes the request, and two cores per proxy fit no small host. `memory` of the request is in MiB.
 */
export function resourcesFor(settings: Settings, request: { readonly cpu: string; readonly memory: number }) {
  const limits = limitsOf(settings)
  if (!limits.cpu && !limits.memory) return undefined
  const memoryLimit = Number(settings['memoryLimit'] ?? 0)
  const memory = memoryLimit > 0 ? Math.min(request.memory, memoryLimit) : request.memory
  return { requests: { cpu: request.cpu, memory: `${memory}Mi` }, limits }
}
