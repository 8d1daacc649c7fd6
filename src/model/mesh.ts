import type { Profile, Protocol } from './scenario.ts'
import type { Vendor } from './site.ts'
import type { Seconds } from './units.ts'
import type { Carried, Evidence, Role } from './usage.ts'

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
  /** How it is installed in a cluster of its own; absent where it cannot be. */
  readonly kubernetes?: KubernetesMesh
}

/** A setting's value; an object only where the setting is `values`. */
export type SettingValue = number | boolean | string | Values

/** The settings that an arm is raised with, by name. */
export type Settings = Readonly<Record<string, SettingValue>>

/** Helm values, or any other tree of JSON. */
export type Values = { readonly [key: string]: unknown }

export interface Setting {
  readonly summary: string
  /** `values`: Helm values by the chart's key (`*`: every chart), merged over all others. */
  readonly type: 'number' | 'boolean' | 'string' | 'values'
  /** Numbers are whole, and at least this (0 when absent). */
  readonly minimum?: number
  readonly default: Readonly<Record<Profile, SettingValue>>
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

/** A mesh in a cluster of its own. Everything here is data, or a pure function that gives data. */
export interface KubernetesMesh {
  /** Where its charts and images come from, unless a site says otherwise; absent where nothing is installed. */
  readonly vendor?: Vendor
  /** What is wrong with a version that an arm names; undefined where it can be installed. */
  readonly versionTrouble?: (version: string) => VersionTrouble | undefined
  /** Protocols that the mesh carries as its layer says. */
  readonly protocols: readonly Protocol[]
  /** In order; undone in the reverse order. */
  install(about: InstallAbout): readonly InstallStep[]
  /** Every image that its pods run, injected ones included. */
  images(about: InstallAbout): readonly MeshImage[]
  /** Images that rendered charts put into pods by injection, where no object names them whole. */
  readonly injectedImages?: (objects: readonly KubernetesObject[]) => readonly string[]
  /** What makes the workload part of the mesh. */
  enrol(about: InstallAbout): Enrolment
  /** Whose cost a container is; the first that matches counts, and what none matches is the node's own. */
  readonly components: readonly ComponentRule[]
  /** The certificates that end first of those in force as it is installed here; absent where it has none. */
  readonly certificates?: Certificates
  /** Metrics that are read at both snapshots of a window. */
  readonly scrapes: readonly Scrape[]
  /** What the pods themselves show: enrolment, threads, limits. Read once when the arm is up. */
  inspect(pods: readonly PodFact[], about: InstallAbout): readonly Evidence[]
  /** What the counters show between two snapshots. */
  prove(counters: Counters, about: InstallAbout): { readonly evidence: readonly Evidence[]; readonly carried?: Carried }
}

/** What proxies show each other. They are renewed at half of their life, which a frozen cluster misses. */
export interface Certificates {
  readonly what: string
  readonly lifetime: Seconds
}

export interface VersionTrouble {
  readonly message: string
  readonly remedy: string
}

/** An image, and the nodes whose pods run it: no other needs it. */
export interface MeshImage {
  readonly name: string
  readonly on: readonly NodePart[]
}

/** What an arm's installation depends on. */
export interface InstallAbout {
  /** The version that is installed: a chart's, and the images' tag. */
  readonly version: string
  readonly vendor: Vendor
  readonly profile: Profile
  readonly settings: Settings
  /** Where the workload lives. */
  readonly namespace: string
}

/** One step of an installation. What it takes to undo it follows from it. */
export type InstallStep =
  | { readonly do: 'gateway-api' }
  | {
      readonly do: 'helm'
      readonly release: string
      /** Key of the vendor's charts. */
      readonly chart: string
      /** Of the chart, where a repository or a registry holds several; a folder or an archive has its own. */
      readonly version: string
      readonly namespace: string
      readonly values: Values
      /** Values that hold a key pair made for the run; never written where others can read them. */
      readonly credentials?: 'linkerd'
    }
  /** The site's own manifests for the vendor, where it has some. */
  | { readonly do: 'site-manifests' }
  | { readonly do: 'apply'; readonly title: string; readonly objects: readonly KubernetesObject[] }
  | { readonly do: 'wait'; readonly until: readonly Readiness[] }

/** Something that must be ready. */
export interface Readiness {
  readonly kind: 'Deployment' | 'DaemonSet' | 'Gateway' | 'Pod' | 'Node'
  /** Empty for a node, which has none. */
  readonly namespace: string
  readonly name: string
}

export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly [key: string]: unknown
}

/** What is put on the workload's namespace and pods, and what stands beside them. */
export interface Enrolment {
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly podAnnotations?: Readonly<Record<string, string>>
  /** Made in the workload's namespace before its pods: policies, a waypoint. */
  readonly objects: readonly KubernetesObject[]
  readonly until: readonly Readiness[]
}

/** Which containers are a component. */
export interface ComponentRule {
  /** The component's name, in results and charts. */
  readonly component: string
  readonly role: Role
  readonly namespace: string
  /** Labels that the pod has. */
  readonly labels: Readonly<Record<string, string>>
  /** The container's name; any when absent. */
  readonly container?: string
  /** One component for each node it runs on: the node's part is added to its name. */
  readonly perNode?: boolean
}

/** Metrics of the pods with these labels, by their proxies' port. */
export interface Scrape {
  readonly name: string
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
  readonly port: number
  readonly path: string
}

/** A sample of the Prometheus text format. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** One scraped pod at both snapshots. */
export interface Counters {
  /** By the scrape's name: one entry for each pod. */
  readonly [scrape: string]: readonly {
    readonly pod: string
    readonly node: NodePart
    /** CPUs that the node may use, where that is known. */
    readonly cpus?: number
    readonly before: readonly Sample[]
    readonly after: readonly Sample[]
  }[]
}

/** What a node is there for: nothing but the control plane, the load generator, or the server. */
export const NODE_PARTS = ['control', 'client', 'server'] as const
export type NodePart = (typeof NODE_PARTS)[number]

/** A pod as it was seen. */
export interface PodFact {
  readonly name: string
  readonly namespace: string
  readonly uid: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly node: NodePart
  readonly address: string
  /** Init containers that keep running (native sidecars) included. */
  readonly containers: readonly ContainerFact[]
}

export interface ContainerFact {
  readonly name: string
  readonly image: string
  /** With the digest, where the runtime knows it. */
  readonly imageId: string
  /** Of the runtime; names the container's cgroup. */
  readonly id: string
  readonly restarts: number
  readonly ready: boolean
  /** In cores; absent without a limit. */
  readonly cpuLimit?: number
  readonly memoryLimit?: number
  readonly env: Readonly<Record<string, string>>
}
