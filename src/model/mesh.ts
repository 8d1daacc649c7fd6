import type { Profile, Protocol } from './scenario.ts'
import type { Vendor } from './site.ts'
import type { Seconds } from './units.ts'
import type { Carried, Evidence, Role } from './usage.ts'

/** What a mesh parses: nothing, bytes, or requests. */
export type Layer = 'none' | 'L4' | 'L7'

/** Ways to encrypt. Each is also the name of the evidence that proves it. */
export const ENCRYPTIONS = {
  mtls: { title: 'mutual TLS', between: 'proxies' },
  // Traffic between two pods of one node is not encrypted.
  wireguard: { title: 'WireGuard', between: 'nodes' },
} as const
export type Encryption = 'none' | keyof typeof ENCRYPTIONS

/** The declaration of a mesh or an architecture. */
export interface Mesh {
  readonly name: string
  readonly title: string
  /** One sentence: what is between client and server. */
  readonly summary: string
  readonly layer: Layer
  /** How traffic between client and server is expected to be encrypted. */
  readonly encryption: Encryption
  /** Settings that `values` of an arm may override, with their defaults by profile. */
  readonly settings: Readonly<Record<string, Setting>>
  /** What others have measured, to report figures that are far from it; absent where nobody has published any. */
  readonly published?: Published
  /** How it is built from processes on one host; absent if that is not possible. */
  readonly processes?: ProcessMesh
  /** How it is installed in a cluster; absent if that is not possible. */
  readonly kubernetes?: KubernetesMesh
}

/** Published figures of a mesh: 1 KB payload at about 1,000/s on small machines. */
export interface Published {
  /** Meshes with a lower rank are faster at low rates; meshes with equal ranks are not compared. */
  readonly rank: number
  /** Latency added to p50 in seconds, against no mesh. */
  readonly added: Band
  readonly proxies: readonly {
    readonly role: Role
    /** How often a request passes one of them. */
    readonly traversals: number
    /** Cores per 1,000 requests/s and traversal. */
    readonly cores: Band
    /** In bytes. */
    readonly memory: Band
  }[]
}

/** A range, in base units. */
export interface Band {
  readonly lo: number
  readonly hi: number
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
  /** Least value of a number; 0 when absent. */
  readonly minimum?: number
  /** A number need not be whole. */
  readonly isFractional?: true
  readonly default: Readonly<Record<Profile, SettingValue>>
}

/** Proxies in the order in which a request passes them. */
export interface ProcessMesh {
  readonly protocols: readonly Protocol[]
  readonly proxies: readonly ProcessProxy[]
}

/** One Envoy: what it accepts and how it forwards. */
export interface ProcessProxy {
  /** The component's name, in results and charts. */
  readonly name: string
  readonly role: Role
  /** The certificate that it presents: that of the client, the server, or its node. */
  readonly identity: 'client' | 'server' | 'client-node' | 'server-node' | 'waypoint'
  /** What arrives: plain traffic, requests under mTLS, or an HBONE tunnel (HTTP/2 CONNECT over mTLS). */
  readonly accepts: 'plain' | 'mtls' | 'hbone'
  /** What it sends on. */
  readonly sends: 'plain' | 'mtls' | 'hbone'
  readonly layer: 'L4' | 'L7'
}

/** A mesh in a cluster: data, and pure functions that return data. */
export interface KubernetesMesh {
  /** Default source of its charts and images, which a site file can replace; absent where nothing is installed. */
  readonly vendor?: Vendor
  /** The problem of a version that an arm names; undefined if it can be installed. */
  readonly versionTrouble?: (version: string) => VersionTrouble | undefined
  /** Protocols that the mesh handles at its declared layer. */
  readonly protocols: readonly Protocol[]
  /** Steps of the installation in order. They are undone in reverse order. */
  install(about: InstallAbout): readonly InstallStep[]
  /** Every image that its pods run, injected ones included. */
  images(about: InstallAbout): readonly MeshImage[]
  /** Images of injected containers that no rendered object names in full. */
  readonly injectedImages?: (objects: readonly KubernetesObject[]) => readonly string[]
  /** What makes the workload part of the mesh. */
  enrol(about: InstallAbout): Enrolment
  /** Assigns containers to components. The first match counts; containers without a match belong to the node. */
  readonly components: readonly ComponentRule[]
  /** Its gateway, through which load from outside can enter; absent where it has none that meshbench installs. */
  readonly gateway?: MeshGateway
  /** Why not, in the words of its project: the end of a sentence. */
  readonly noGateway?: string
  /** It takes HTTPRoutes of the Gateway API for a Service; `setting`: only with this setting of the arm. */
  readonly routes?: { readonly setting?: string }
  /** A policy by which nobody is let in to this port of the server; absent where the mesh has none. */
  readonly refusal?: (about: Pick<InstallAbout, 'namespace'>, port: number) => readonly KubernetesObject[]
  /** The certificates with the shortest lifetime; absent where the mesh has none. */
  readonly certificates?: Certificates
  /** Metrics that are read at both snapshots of a window. */
  readonly scrapes: readonly Scrape[]
  /**
   * Network interfaces of the nodes, such as `cilium_wg0`, whose bytes are read at both snapshots: `receive_bytes` and
   * `transmit_bytes` among the counters, by the interface's name.
   */
  readonly interfaces?: readonly string[]
  /**
   * The mesh is the cluster's network (CNI) too: the cluster is made without one, and its nodes are ready only once the mesh
   * is installed.
   */
  readonly isNetwork?: true
  /** How an installation that meshbench did not make shows what it is; absent where such one cannot be measured. */
  readonly existing?: ExistingMesh
  /** What the control plane itself makes outside of its namespace, and leaves when it is removed. */
  readonly makes?: readonly MadeObject[]
  /** Evidence from pods: enrolment, threads, limits. It is read once, when the arm is up. */
  inspect(pods: readonly PodFact[], about: InstallAbout): readonly Evidence[]
  /** Evidence from counters between two snapshots. */
  prove(counters: Counters, about: InstallAbout): { readonly evidence: readonly Evidence[]; readonly carried?: Carried }
}

/** A gateway of the mesh, in the namespace of the workload. The load generator is not part of the mesh then. */
export interface MeshGateway {
  /** The Service before its pods. */
  readonly service: string
  /** What it is, for people. */
  readonly title: string
  readonly protocols: readonly Protocol[]
  /** The mesh where load enters by its gateway. */
  behind(backends: readonly Backend[]): KubernetesMesh
}

/** A port of a gateway, and the port of a Service that it sends requests to. */
export interface Backend {
  readonly at: number
  readonly service: string
  readonly port: number
}

/** An installation that is in a cluster already, by the Deployment of its control plane. */
export interface ExistingMesh {
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
  /** `revision`: absent for the default one. */
  readonly read: (deployment: {
    readonly labels: Readonly<Record<string, string>>
    readonly images: readonly string[]
  }) => { readonly version: string; readonly revision?: string }
  /** Key of the chart whose value `revision` names the revision. */
  readonly revisionChart: string
}

/** An object, cluster-wide or in every namespace. */
export interface MadeObject {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly everywhere?: true
}

/** Certificates of proxies. They are renewed at half of their lifetime, which a frozen cluster misses. */
export interface Certificates {
  readonly what: string
  readonly lifetime: Seconds
}

export interface VersionTrouble {
  readonly message: string
  readonly remedy: string
}

/** An image, and the nodes whose pods run it. */
export interface MeshImage {
  readonly name: string
  readonly on: readonly NodePart[]
}

/** The inputs of an arm's installation. */
export interface InstallAbout {
  /** The version that is installed: a chart's, and the images' tag. */
  readonly version: string
  readonly vendor: Vendor
  readonly profile: Profile
  readonly settings: Settings
  /** Namespace of the workload. */
  readonly namespace: string
}

/** One step of an installation, which also defines how to undo it. */
export type InstallStep =
  | { readonly do: 'gateway-api' }
  | {
      readonly do: 'helm'
      readonly release: string
      /** Key of the vendor's charts. */
      readonly chart: string
      /** Version of the chart in a repository or registry; a folder or an archive has only one. */
      readonly version: string
      readonly namespace: string
      readonly values: Values
      /** Values with a key pair made for the run. They are never written where others can read them. */
      readonly credentials?: HelmCredentials
    }
  /** The site's own manifests for the vendor, where it has some. */
  | { readonly do: 'site-manifests' }
  | { readonly do: 'apply'; readonly title: string; readonly objects: readonly KubernetesObject[] }
  | { readonly do: 'wait'; readonly until: readonly Readiness[] }

/** An authority and an issuer under it, which are made for the run. */
export interface HelmCredentials {
  /** Names of the two in their certificates. */
  readonly anchor: string
  readonly issuer: string
  /** Where the values have the anchor's certificate, and the issuer's certificate and key, in PEM: keys from the root. */
  readonly values: {
    readonly anchor: readonly string[]
    readonly certificate: readonly string[]
    readonly key: readonly string[]
  }
}

/** Something that must be ready. */
export interface Readiness {
  readonly kind: 'Deployment' | 'DaemonSet' | 'Job' | 'Gateway' | 'Pod' | 'Node'
  /** Empty for a node, which has none. */
  readonly namespace: string
  readonly name: string
  /** How long it may stay unready before it is given up; for as long as anything is waited for when absent. */
  readonly hopelessAfter?: Seconds
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

/** Labels and annotations of the workload's namespace and pods, and objects beside them. */
export interface Enrolment {
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly podAnnotations?: Readonly<Record<string, string>>
  /** Of the load generator's pod, where it is to stay outside of the mesh. */
  readonly clientLabels?: Readonly<Record<string, string>>
  /** Of the pods at the entrance of an application of the user's, so that the mesh's own counters call them what they call our server. */
  readonly entranceLabels?: Readonly<Record<string, string>>
  /** Objects that are created in the workload's namespace before its pods: policies, a waypoint. */
  readonly objects: readonly KubernetesObject[]
  readonly until: readonly Readiness[]
}

/** A component, and the containers that belong to it. */
export interface ComponentRule {
  /** The component's name, in results and charts. */
  readonly component: string
  readonly role: Role
  /** That of the workload when absent. */
  readonly namespace?: string
  /** Labels that the pod has. */
  readonly labels: Readonly<Record<string, string>>
  /** The container's name; any when absent. */
  readonly container?: string
  /** Whether each node has a component of its own, with the role of the node in its name. */
  readonly perNode?: boolean
}

/** Metrics of the pods with these labels, by their proxies' port. */
export interface Scrape {
  readonly name: string
  /** That of the workload when absent. */
  readonly namespace?: string
  readonly labels: Readonly<Record<string, string>>
  readonly port: number
  readonly path: string
}

/** A sample of the Prometheus text format. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  /** As written: milliseconds since the epoch in the Prometheus text format, seconds in OpenMetrics. */
  readonly timestamp?: number
}

/** One scraped pod, or one node, at both snapshots. */
export interface Counters {
  /** By the name of a scrape or an interface: one entry for each pod or node. */
  readonly [scrape: string]: readonly {
    readonly pod: string
    readonly node: NodePart
    /** CPUs that the node may use, where that is known. */
    readonly cpus?: number
    readonly before: readonly Sample[]
    readonly after: readonly Sample[]
  }[]
}

/** The roles of nodes: control plane, load generator, or server. */
export const NODE_PARTS = ['control', 'client', 'server'] as const
export type NodePart = (typeof NODE_PARTS)[number]

/** An observed pod. */
export interface PodFact {
  readonly name: string
  readonly namespace: string
  readonly uid: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly node: NodePart
  /** The name of its node: a part may have several. Absent in captured pods. */
  readonly nodeName?: string
  readonly address: string
  /** What it is called behind the entrance of an application of the user's; absent of all other pods. */
  readonly tier?: string
  /** Init containers that keep running (native sidecars) included. */
  readonly containers: readonly ContainerFact[]
}

export interface ContainerFact {
  readonly name: string
  readonly image: string
  /** The image with its digest, if the runtime reports it. */
  readonly imageId: string
  /** The container id of the runtime, which is in the name of its cgroup. */
  readonly id: string
  readonly restarts: number
  readonly ready: boolean
  /** In cores; absent without a limit. */
  readonly cpuLimit?: number
  readonly memoryLimit?: number
  readonly env: Readonly<Record<string, string>>
}
