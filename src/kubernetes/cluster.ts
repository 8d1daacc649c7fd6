import type { KubernetesObject, Readiness } from '../model/mesh.ts'
import type { Seconds } from '../model/units.ts'
import type { Pod } from './pods.ts'

/** One cluster, by its API server: what the rest of the program uses. */
export interface Cluster extends AsyncDisposable {
  /** Server-side apply; what others need comes first, and definitions are waited for. Refusals that pass are retried. */
  apply(objects: readonly KubernetesObject[], signal: AbortSignal, options?: { within?: Seconds }): Promise<void>
  /**
   * Deletes and waits until all are gone; what is not there is fine. `grace` is the time that pods get to end, 0 when
   * absent: their objects are then gone at once, and their containers a moment later.
   */
  remove(
    objects: readonly ObjectName[],
    signal: AbortSignal,
    options?: { within?: Seconds; grace?: Seconds },
  ): Promise<void>
  /** As the API server shows it; undefined when there is none. */
  read<T = KubernetesObject>(object: ObjectName, signal?: AbortSignal): Promise<T | undefined>
  list<T = KubernetesObject>(which: ListOf, signal?: AbortSignal): Promise<T[]>
  /** Of one namespace or of all, with all of these labels. */
  pods(namespace?: string, labels?: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<Pod[]>
  /** Throws a Failure that says which is not ready, and why in the cluster's own words; early where it cannot get better. */
  untilReady(readiness: readonly Readiness[], within: Seconds, signal: AbortSignal): Promise<void>
  /**
   * For outputs of a few KiB: Kubernetes can drop the end of a long one without a word; `stream` sees to that. A non-zero
   * exit code is a value. A broken connection is a Failure `exec-broken`, a command that cannot start `exec-refused`.
   */
  exec(what: ExecOf, signal: AbortSignal): Promise<ExecResult>
  /**
   * The command's standard output, complete, and no faster than it is read. Throws a Failure `exec-failed` when it ends
   * with another code than 0. The container must have `sh`.
   */
  stream(what: Omit<ExecOf, 'stdin'>, signal: AbortSignal): AsyncIterable<Uint8Array>
  /** What a port of a pod answers to a GET, by way of the API server. */
  proxyGet(
    where: { readonly namespace: string; readonly pod: string; readonly port: number; readonly path: string },
    signal?: AbortSignal,
  ): Promise<string>
  /** What the API server answers at a path. */
  get(path: string, signal?: AbortSignal): Promise<string>
  /** Whether the user of this connection may do something, by a SelfSubjectAccessReview. */
  mayI(right: Right, signal?: AbortSignal): Promise<boolean>
  /** The last lines of a container's log. */
  logs(namespace: string, pod: string, container: string, tailLines: number, signal?: AbortSignal): Promise<string>
  /** Closes every connection; calls that are under way end with an error. */
  close(): Promise<void>
}

/** One thing that a user may do, in the words of RBAC. */
export interface Right {
  readonly verb: string
  /** Empty for the core group. */
  readonly group: string
  /** With its subresource, if it is meant: `pods/exec`. */
  readonly resource: string
  /** Of one object; of any when absent. */
  readonly name?: string
  /** All namespaces, or none, when absent. */
  readonly namespace?: string
}

/** What names an object. */
export interface ObjectName {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
}

export interface ListOf {
  readonly apiVersion: string
  readonly kind: string
  /** All namespaces when absent. */
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string>>
  /** A field selector: `type=Warning`. */
  readonly fields?: string
}

export interface ExecOf {
  readonly namespace: string
  readonly pod: string
  readonly container: string
  /** Program and arguments; no shell. */
  readonly command: readonly string[]
  readonly stdin?: string | Uint8Array
}

export interface ExecResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** For messages: "Deployment istio-system/istiod". */
export function nameOf({ kind, metadata }: Omit<ObjectName, 'apiVersion'>): string {
  return (metadata.namespace ?? '') === ''
    ? `${kind} ${metadata.name}`
    : `${kind} ${metadata.namespace}/${metadata.name}`
}
