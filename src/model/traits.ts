import type { Seconds } from './units.ts'

/** What the rest of the code may ask of a platform. No other file compares a platform's name. */
interface PlatformTraits {
  /** What an arm is there: a Kubernetes cluster or a part of one, processes of this host, or nothing but stated effects. */
  readonly arms: 'kubernetes' | 'processes' | 'effects'
  /** Every arm has a cluster of its own, so that the others can be frozen or taken down while it is measured. */
  readonly ownClusters: boolean
  /** Arms run on this machine: its pauses, cores and memory are theirs. */
  readonly isHere: boolean
  /** Of a scenario that names no platform: the one that is preferred, and the one instead of it where that cannot be used. */
  readonly unasked?: 'preferred' | 'instead'
  /** Why arms with a mesh are not ranked, where that holds for all of them. */
  readonly unranked?: string
  /** What is assumed of the time before anything was measured, in seconds: seen on two shared cores, so a better machine is done sooner. */
  readonly takes: {
    /** Once for a cohort, and once more for each of its arms. */
    readonly cohort: Seconds
    readonly arm: Seconds
    readonly visit: Seconds
    /** Beyond warm-up and window. */
    readonly trial: Seconds
  }
}

/** Those that clusters are chosen on come first: a scenario without a platform takes the first that fits its arms. */
const platforms = {
  kind: {
    arms: 'kubernetes',
    ownClusters: true,
    isHere: true,
    unasked: 'preferred',
    takes: { cohort: 60, arm: 90, visit: 15, trial: 3 },
  },
  cluster: {
    arms: 'kubernetes',
    ownClusters: false,
    isHere: false,
    takes: { cohort: 90, arm: 20, visit: 15, trial: 3 },
  },
  local: {
    arms: 'processes',
    ownClusters: false,
    isHere: true,
    unasked: 'instead',
    unranked: 'these are architectures on one proxy (Envoy), not released meshes',
    takes: { cohort: 2, arm: 0, visit: 3, trial: 1 },
  },
  simulated: {
    arms: 'effects',
    ownClusters: false,
    isHere: false,
    takes: { cohort: 0, arm: 0, visit: 0, trial: 0 },
  },
} satisfies Readonly<Record<string, PlatformTraits>>

/** A new platform is one entry above, and one line in `platforms/index.ts`. */
export type PlatformName = keyof typeof platforms
export const PLATFORM_TRAITS: Readonly<Record<PlatformName, PlatformTraits>> = platforms
export const PLATFORMS = Object.keys(platforms) as [PlatformName, ...PlatformName[]]

/** Platforms of scenarios that name none. The third takes any arms, of which it measures nothing. */
export const UNASKED = {
  preferred: platformWhere(({ unasked }) => unasked === 'preferred'),
  instead: platformWhere(({ unasked }) => unasked === 'instead'),
  forAny: platformWhere(({ arms }) => arms === 'effects'),
}

/** The platform whose arms are parts of a cluster that was there before. */
export const IN_ANY_CLUSTER = platformWhere(({ arms, ownClusters }) => arms === 'kubernetes' && !ownClusters)

function platformWhere(holds: (traits: PlatformTraits) => boolean): PlatformName {
  return PLATFORMS.find((name) => holds(PLATFORM_TRAITS[name])) ?? PLATFORMS[0]
}

/** Of a name that was read from a file: undefined where this version has no such platform. */
export function traitsOf(platform: string | undefined): PlatformTraits | undefined {
  return (PLATFORM_TRAITS as Readonly<Record<string, PlatformTraits>>)[platform ?? '']
}

/** Two cohorts of one arm are two clusters, which differ; blocks of one cohort cannot show by how much. */
export function provisionsClusters(
  platform: string,
  { simulation }: { readonly simulation: { readonly noise: { readonly cohort: number } } },
): boolean {
  const arms = traitsOf(platform)?.arms
  // Simulated clusters are clusters where they are told to differ.
  return arms === 'kubernetes' || (arms === 'effects' && simulation.noise.cohort > 0)
}

/** What the rest of the code may ask of a load tool. No other file compares a tool's name. */
interface ToolTraits {
  /** It adds connections by itself where those that it was given do not suffice, and reports what it could not send. */
  readonly addsConnections: boolean
  /** It warms up within the process that measures, so that the window opens while it runs: there is no time to wait for counters. */
  readonly opensWhileRunning: boolean
  /** It sends a fixed number of requests, and takes as long as that lasts. */
  readonly sendsFixedCount: boolean
  /** Requests that it could not send have a response time: that of waiting for the next free connection. */
  readonly dropsHaveResponse: boolean
  /** Its image, where no site names another one. Without one it cannot be used in clusters. */
  readonly image?: string
  /** It takes any status from 200 to 299 for a success, and no other: it cannot be told what to expect. */
  readonly takesAnyOf2xx: boolean
  /** Several of it send at regular times only where each has as many connections as the others. */
  readonly sharesEvenly: boolean
  /** It leaves connections unused where fewer requests than this are planned for each. */
  readonly requestsPerConnection: number
}

const tools = {
  fortio: {
    addsConnections: false,
    opensWhileRunning: false,
    sendsFixedCount: true,
    dropsHaveResponse: false,
    takesAnyOf2xx: true,
    sharesEvenly: false,
    requestsPerConnection: 2,
    // Docker checks a digest. This one's stands in no source that could be found.
    image: 'fortio/fortio:1.68.0',
  },
  k6: {
    addsConnections: true,
    opensWhileRunning: true,
    sendsFixedCount: false,
    dropsHaveResponse: true,
    takesAnyOf2xx: false,
    // By its users, as k6 1.8.1 does: with 10 for 4 segments two have 3 of every 10 ticks, at uneven distances.
    sharesEvenly: true,
    requestsPerConnection: 1,
    image: 'grafana/k6:1.8.1@sha256:23f2279054c3e01535455c4d92914a625df12aeb631ea0e3ea7a43f96bcbc843',
  },
  // Its project publishes no image.
  vegeta: {
    addsConnections: false,
    opensWhileRunning: false,
    sendsFixedCount: false,
    dropsHaveResponse: false,
    takesAnyOf2xx: false,
    sharesEvenly: false,
    requestsPerConnection: 1,
  },
} satisfies Readonly<Record<string, ToolTraits>>

export type LoadToolName = keyof typeof tools
export const TOOL_TRAITS: Readonly<Record<LoadToolName, ToolTraits>> = tools
export const TOOLS = Object.keys(tools) as [LoadToolName, ...LoadToolName[]]

/** The tool of a load that names none. */
export const DEFAULT_TOOL = 'fortio' satisfies LoadToolName
/** The program that is the application on every platform, and asks the first question. */
export const APPLICATION = 'fortio' satisfies LoadToolName

/** Those that have an image, and so can be used in clusters. */
export type ImagedToolName = {
  [Name in LoadToolName]: (typeof tools)[Name] extends { readonly image: string } ? Name : never
}[LoadToolName]

export function isImaged(tool: LoadToolName): tool is ImagedToolName {
  return TOOL_TRAITS[tool].image !== undefined
}

/** A value for each load tool that has an image. */
export function perImage<Value>(of: (image: string, tool: ImagedToolName) => Value): Record<ImagedToolName, Value> {
  const imaged = TOOLS.filter(isImaged)
  return Object.fromEntries(imaged.map((tool) => [tool, of(tools[tool].image, tool)])) as Record<ImagedToolName, Value>
}

/** A value for each load tool. */
export function perTool<Value>(of: (traits: ToolTraits, tool: LoadToolName) => Value): Record<LoadToolName, Value> {
  return Object.fromEntries(TOOLS.map((tool) => [tool, of(tools[tool], tool)])) as Record<LoadToolName, Value>
}
