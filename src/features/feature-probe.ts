import type { FeatureGroup } from '../model/feature.ts'
import type { KubernetesObject } from '../model/mesh.ts'
import type { Outside, ProbeAnswer, ProbeJob, ProbeLog, ProbeRequest } from '../model/platform.ts'
import type { Seconds } from '../model/units.ts'
import type { Observation } from '../model/usage.ts'

/**
 * A question about what a mesh does, answered by requests. A declaration is data and functions that return data, but for `shows`, which
 * sends requests and says what they showed.
 */
export interface Probe {
  /** As in `--probes`. */
  readonly name: string
  readonly title: string
  readonly group: FeatureGroup
  /** What is asked, as one question. */
  readonly asks: string
  /** What should bring it about, by mesh. A mesh that is absent is not tried. */
  readonly means: Readonly<Record<string, Means>>
  /**
   * Whether requests show the behaviour. It is asked without the objects, with them, and after they were removed; the answer must be
   * no, yes, no.
   */
  shows(bench: Bench): Promise<Shown>
  /** What must be true without the objects, or nothing can be tried. */
  readonly premise?: (bench: Bench) => Promise<Shown>
  /** Where meshes do it by default: the same where it must be absent, such as for a client outside of the mesh. */
  readonly elsewhere?: (bench: Bench) => Promise<Shown>
}

export type Means =
  /** The mesh does it without any object. */
  | { readonly byDefault: true }
  /**
   * Objects in the arm's namespace, beside `probe-versions`, the Service of both versions. `needs`: a setting of the arm that must be true, for
   * what only an installation can say.
   */
  | { readonly objects: (where: Where) => readonly KubernetesObject[]; readonly needs?: string }
  /** The project says that it does not have it, at the address of `source`. */
  | { readonly unsupported: string; readonly source: string }
  /** The mesh has it, and meshbench cannot bring it about yet: why. */
  | { readonly untried: string }

export interface Where {
  readonly namespace: string
  /** A server outside of the mesh; absent under a load, which has none. */
  readonly outside?: Outside
}

/** @throws TypeError under a load, where no feature may need it */
export function outsideOf({ outside }: Where): Outside {
  if (!outside) throw new TypeError('a load has no server outside of the mesh')
  return outside
}

export interface Shown {
  readonly holds: boolean
  /** What was seen, in one sentence. */
  readonly seen: string
}

/** What a probe can do. */
export interface Bench extends Required<Where> {
  ask(request: Omit<ProbeRequest, 'to'> & Partial<Pick<ProbeRequest, 'to'>>): Promise<readonly ProbeAnswer[]>
  served: (version: 'v1' | 'v2', path: string) => Promise<number>
  /** Lines of a log that have this text, once there are so many, or these seconds have passed: proxies write some time after the request. */
  logged(
    log: ProbeLog,
    text: string,
    until: { readonly lines: number; readonly within: Seconds },
  ): Promise<readonly string[]>
  /** A Job of the probe, once it is complete or has had a minute for it; undefined where there is none. */
  job(name: string): Promise<ProbeJob | undefined>
  /** What the mesh's counters show of the traffic that `act` causes. */
  observed(act: () => Promise<unknown>): Promise<Observation>
  /** A text that no other request has. */
  nonce(): string
}

/** The meshes that read requests, by what they share in their APIs. */
export function forMeshes<Of>(names: readonly string[], of: Of): Readonly<Record<string, Of>> {
  return Object.fromEntries(names.map((name) => [name, of]))
}

/** The Service of both versions, and of each of them. */
export const VERSIONS = 'probe-versions'
const PORT = 8080
/** Below it the versions answer with their names and the request's headers. */
export const DEBUG = '/debug/'

/** How many answers came from each version. */
export function versionsOf(answers: readonly ProbeAnswer[]): { readonly v1: number; readonly v2: number } {
  const from = (version: string) =>
    answers.filter(({ body }) => body.includes(` on probe-${version} - request from`)).length
  return { v1: from('v1'), v2: from('v2') }
}

export function withStatus(answers: readonly ProbeAnswer[], status: number): number {
  return answers.filter((answer) => answer.status === status).length
}

/** `17 × 200, 3 × no answer`, the most frequent first. */
export function statusWords(answers: readonly ProbeAnswer[]): string {
  const byStatus = Map.groupBy(answers, ({ status }) => (status === undefined ? 'no answer' : String(status)))
  const words = [...byStatus]
    .toSorted(([, a], [, b]) => b.length - a.length)
    .map(([what, { length }]) => `${length} × ${what}`)
  return words.join(', ')
}

/** A route of the Gateway API whose parent is the Service of both versions. */
export function httpRoute(
  { namespace }: Where,
  rules: readonly object[],
  annotations?: Readonly<Record<string, string>>,
): KubernetesObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'probe', namespace, ...(annotations && { annotations }) },
    spec: { parentRefs: [{ group: '', kind: 'Service', name: VERSIONS, port: PORT }], rules },
  }
}

export function backend(version: 'v1' | 'v2', weight?: number): object {
  return { name: `probe-${version}`, port: PORT, ...(weight !== undefined && { weight }) }
}

export const BOTH = { name: VERSIONS, port: PORT }
