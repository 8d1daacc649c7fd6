import type { KubernetesMesh, KubernetesObject, Mesh } from '../model/mesh.ts'
import type { Operated, PreparedOperation } from '../model/platform.ts'
import type { Arm, Load, Protocol } from '../model/scenario.ts'
import type { Seconds } from '../model/units.ts'

/** What an operator does, or what fails, while load goes on. A declaration: what it is, who cannot have it, and its steps. */
export interface Operation {
  /** As in `operation` of a load. */
  readonly name: string
  readonly title: string
  /** What happens, in one sentence. */
  readonly does: string
  /** Client, server and proxies stay as they are, so that their counters show all of the window. */
  readonly keepsProxies?: true
  /** It runs programs on nodes, or takes a node out of use: only where the nodes are the run's own. */
  readonly needsOwnNodes?: true
  /** It stops what all tenants of a mesh share: only where the mesh was installed for the run. */
  readonly needsOwnMesh?: true
  /** The server may stand on the node of the client too, so that it has somewhere to go. */
  readonly movesServer?: true
  /** A port of the server that no load may use. */
  readonly refusesPort?: Protocol
  /** The only protocol of a load that it can be seen on; any when absent. */
  readonly protocol?: Protocol
  /** Objects that it makes in the namespace of the arm, beside pods: rights to them are needed. */
  writes?(kubernetes: KubernetesMesh, namespace: string): readonly KubernetesObject[]
  /** Why an arm cannot have it: the end of a sentence; undefined where it can. */
  lack(mesh: Mesh, arm: Pick<Arm, 'values'>): string | undefined
  /** Before the window opens. */
  prepare(site: OperationSite, load: Load, signal: AbortSignal): Promise<PreparedOperation>
}

/** What operations can do to an arm that is up. Each step ends once what it set off has come to its end. */
export interface OperationSite {
  readonly namespace: string
  wait(seconds: Seconds, signal: AbortSignal): Promise<void>
  /** Replaces the pods of the server as its Deployment does: seconds until the new ones were ready, and until the old ones were gone. */
  rollOut(signal: AbortSignal): Promise<{ readonly ready: Seconds; readonly gone: Seconds }>
  /** Seconds until the server has so many pods that are ready, and no others. */
  scale(pods: number, signal: AbortSignal): Promise<Seconds>
  /** Kills the process of the proxy at the server: which one, and seconds until its container was ready again. */
  killProxy(signal: AbortSignal): Promise<Stopped>
  /**
   * Restarts it as an operator does: a waypoint or ztunnel by a rollout of its Deployment or DaemonSet; a sidecar, which no rollout
   * restarts without its pod, is asked to end. Seconds until the new one was ready and the old one gone.
   */
  restartProxy(signal: AbortSignal): Promise<Stopped>
  /** Makes the pods anew whose proxies were stopped, so that Kubernetes does not hold back the next start of one that ended before. */
  renewProxy(): Promise<void>
  /** Scales the Deployments of the control plane to 0 and waits until their pods are gone: their names. */
  stopControlPlane(signal: AbortSignal): Promise<readonly string[]>
  /** Scales them back and waits until they are ready: seconds. */
  startControlPlane(signal: AbortSignal): Promise<Seconds>
  /** Makes a pod like the server's beside it: seconds until it was ready. Throws a Failure where the API server refuses it for so long. */
  makePod(within: Seconds, signal: AbortSignal): Promise<Seconds>
  removePod(): Promise<void>
  /** Takes the node of the server out of use and removes its pods, each with the time to end that it asks for: how many. */
  drain(signal: AbortSignal): Promise<number>
  uncordon(): Promise<void>
  /** The mesh's policy that lets nobody in to the port of this protocol. */
  refusalOf(protocol: Protocol): readonly KubernetesObject[]
  apply(objects: readonly KubernetesObject[], signal: AbortSignal): Promise<void>
  remove(objects: readonly KubernetesObject[]): Promise<void>
  /** Asks the server from the client's pod ten times a second, for so long, beside the load. */
  ask(protocol: Protocol, seconds: Seconds, signal: AbortSignal): Promise<readonly TimedAnswer[]>
  /** The clock of these answers. */
  clock(signal: AbortSignal): Promise<Seconds>
}

export interface Stopped {
  readonly what: string
  readonly ready: Seconds
}

/** One answer to `ask`. */
export interface TimedAnswer {
  /** When it was asked, and when the answer was there. */
  readonly sentAt: Seconds
  readonly at: Seconds
  /** Absent where there was no answer. */
  readonly status?: number
  readonly headers: Readonly<Record<string, string>>
}

/** Steps whose first figures are known before the last one has ended; the end of the window ends them. */
export async function carriedOut(
  seen: string[],
  steps: () => Promise<unknown>,
  signal: AbortSignal,
): Promise<Pick<Operated, 'seen' | 'ended'>> {
  try {
    await steps()
    return { seen, ended: true }
  } catch (error) {
    if (!signal.aborted) throw error
    return { seen, ended: false }
  }
}

/** What a mesh has to have that has no proxies at all. */
export const NO_MESH = 'there is no mesh'

/** Nothing beyond the pods of the arm was changed. */
export async function nothing(): Promise<void> {}
