import type { Profile, Protocol } from './scenario.ts'
import type { Role } from './usage.ts'

/** What a mesh understands of the traffic: nothing, bytes, or requests. */
export type Layer = 'none' | 'L4' | 'L7'

/** A mesh, or an architecture, as data. */
export interface Mesh {
  readonly name: string
  readonly title: string
  /** One sentence: what stands between client and server. */
  readonly summary: string
  readonly layer: Layer
  /** Whether traffic between client and server is expected under mutual TLS. */
  readonly mtls: boolean
  /** Settings that `values` of an arm may override, with their defaults by profile. */
  readonly settings: Readonly<Record<string, Setting>>
  /** How it is built from processes on one host; absent where it cannot be. */
  readonly processes?: ProcessMesh
}

export interface Setting {
  readonly summary: string
  readonly type: 'number' | 'boolean' | 'string'
  /** Numbers are whole, and at least this (0 when absent). */
  readonly minimum?: number
  readonly default: Readonly<Record<Profile, number | boolean | string>>
}

/** Proxies in the order in which a request passes them. */
export interface ProcessMesh {
  readonly protocols: readonly Protocol[]
  readonly proxies: readonly ProcessProxy[]
}

/** One Envoy: what it listens for and how it passes on. */
export interface ProcessProxy {
  /** The component's name, in results and charts. */
  readonly name: string
  readonly role: Role
  /** Whose certificate it shows: the client's, the server's, or its node's. */
  readonly identity: 'client' | 'server' | 'client-node' | 'server-node' | 'waypoint'
  /** What arrives: plain traffic, requests under mTLS, or an HBONE tunnel (HTTP/2 CONNECT over mTLS). */
  readonly accepts: 'plain' | 'mtls' | 'hbone'
  /** What it sends on. */
  readonly sends: 'plain' | 'mtls' | 'hbone'
  readonly layer: 'L4' | 'L7'
}
