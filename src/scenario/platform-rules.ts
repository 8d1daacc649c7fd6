import { ENCRYPTIONS, type Mesh } from '../model/mesh.ts'
import { BY_ZONE, ISOLATIONS, PLACEMENTS, type Protocol } from '../model/scenario.ts'
import { troublesOf } from '../model/service-graph.ts'
import {
  isImaged,
  PLATFORM_TRAITS,
  PLATFORMS,
  type PlatformName,
  TOOL_TRAITS,
  TOOLS,
  traitsOf,
} from '../model/traits.ts'
import { list } from '../model/words.ts'
import { type Finding, type Path, suggest } from '../yaml/yaml-finding.ts'
import { type Draft, graphOf, type Meshes, meshNamed, type Rule } from './draft.ts'

/** An arm's mesh, where it is known. */
interface Placed {
  readonly mesh: Mesh
  readonly arm: string
  readonly path: Path
}

function placedIn({ arms }: Draft, meshes: Meshes): Placed[] {
  return arms.flatMap(({ arm, path }) => {
    const mesh = meshNamed(meshes, arm.mesh)
    return mesh ? [{ mesh, arm: arm.name ?? mesh.name, path: [...path, 'mesh'] }] : []
  })
}

const meshesFitThePlatform: Rule = (draft, meshes) => {
  const { platform } = draft.sketch
  const placed = placedIn(draft, meshes)
  return platform === undefined ? unlikeArms(placed) : unfitArms(placed, platform, meshes)
}

function unfitArms(placed: readonly Placed[], platform: PlatformName, meshes: Meshes): Finding[] {
  const fit = Object.values(meshes).filter((mesh) => fitsOn(mesh, platform))
  const means = PLATFORM_TRAITS[platform].arms === 'processes' ? 'built from processes' : 'installed in a cluster'
  return placed
    .filter(({ mesh }) => !fitsOn(mesh, platform))
    .map(({ mesh, path }) => ({
      path,
      message: `${mesh.name} cannot be ${means}, as the ${platform} platform does`,
      remedy: `Choose another platform, or use one of: ${fit.map(({ name }) => name).join(', ')}.`,
    }))
}

/** Without a named platform, one must support all arms: the first arm with only one choice decides. */
function unlikeArms(placed: readonly Placed[]): Finding[] {
  const decided = placed.find(({ mesh }) => !(mesh.kubernetes && mesh.processes))
  if (!decided) return []
  return placed
    .filter(
      ({ mesh }) =>
        !fittingPlatforms([decided.mesh, mesh]).some((platform) => PLATFORM_TRAITS[platform].arms !== 'effects'),
    )
    .map(({ mesh, path }) => ({
      path,
      message: `no platform takes both ${decided.mesh.name} and ${mesh.name}`,
      remedy: 'Use separate scenarios for meshes in clusters and for architectures of processes.',
    }))
}

/** The platform named, or the one that the arms lead to. */
export function platformOf(draft: Draft, meshes: Meshes): PlatformName | undefined {
  const placed = placedIn(draft, meshes).map(({ mesh }) => mesh)
  return draft.sketch.platform ?? (placed.length > 0 ? fittingPlatforms(placed)[0] : undefined)
}

const meshesCarryTheProtocol: Rule = (draft, meshes) => {
  const platform = platformOf(draft, meshes)
  const placed = placedIn(draft, meshes)
  return draft.loads.flatMap(({ load: { protocol }, at }) => {
    if (!platform || !protocol) return []
    const gated = new Set(entering(draft, meshes).map(({ arm }) => arm))
    const unfit = placed.filter(({ mesh, arm }) => !carriesOn(mesh, platform, protocol, gated.has(arm)))
    if (unfit.length === 0) return []
    return [
      {
        path: at('protocol'),
        message: `on the ${platform} platform these arms do not carry ${protocol}: ${unfit.map(({ arm }) => arm).join(', ')}`,
        remedy: `Use another protocol, or measure these arms in a scenario without ${protocol}.`,
      },
    ]
  })
}

/** The arms that load is to enter by a gateway: of those that the scenario's key means, not the ones without a mesh. */
function entering({ arms, sketch }: Draft, meshes: Meshes): (Placed & { readonly isOwn: boolean })[] {
  return arms.flatMap(({ arm, path }) => {
    const mesh = meshNamed(meshes, arm.mesh)
    const isOwn = arm.entrance !== undefined
    if (!mesh || (arm.entrance ?? sketch.entrance) !== 'gateway' || (!isOwn && mesh.layer === 'none')) return []
    return [{ mesh, arm: arm.name ?? mesh.name, path: [...path, isOwn ? 'entrance' : 'mesh'], isOwn }]
  })
}

const gatewaysNeedACluster: Rule = (draft, meshes) => {
  const platform = platformOf(draft, meshes)
  const { arms } = traitsOf(platform) ?? {}
  if (arms === undefined || arms === 'kubernetes') return []
  const keys: Path[] = [
    ...(draft.sketch.entrance === 'gateway' ? [['entrance']] : []),
    ...draft.arms.filter(({ arm }) => arm.entrance === 'gateway').map(({ path }) => [...path, 'entrance']),
  ]
  return keys.map((path) => ({
    path,
    message: `on the ${platform} platform there is no cluster, and so no gateway`,
    remedy: 'Remove it: entrance: gateway is for platforms with a cluster.',
    atKey: true,
  }))
}

const meshesHaveTheGateway: Rule = (draft, meshes) => {
  if (traitsOf(platformOf(draft, meshes))?.arms !== 'kubernetes') return []
  const found = entering(draft, meshes)
  const without = found.filter(({ mesh }) => !mesh.kubernetes?.gateway)
  const able = Object.values(meshes).filter(({ kubernetes }) => kubernetes?.gateway)
  if (draft.sketch.entrance === 'gateway' && found.length === 0 && draft.arms.every(({ arm }) => arm.mesh)) {
    return [
      {
        path: ['entrance'],
        message: 'no arm of this scenario has a gateway',
        remedy: `Add an arm whose mesh has one: ${list(able.map(({ name }) => name))}.`,
      },
    ]
  }
  return without.map(({ mesh, path, isOwn }) => ({
    path,
    message: `${mesh.name} has no gateway: ${mesh.kubernetes?.noGateway ?? 'meshbench installs none of it'}`,
    remedy: isOwn
      ? `Remove entrance from this arm; meshes with a gateway: ${list(able.map(({ name }) => name))}.`
      : `Write entrance: service for this arm, or remove it; meshes with a gateway: ${list(able.map(({ name }) => name))}.`,
  }))
}

const podsNeedACluster: Rule = (draft, meshes) =>
  draft.arms.flatMap(({ arm, path }) =>
    (['placement', 'replicas'] as const).flatMap((key) => {
      const platform = platformOf(draft, meshes)
      if (arm[key] === undefined || traitsOf(platform)?.arms !== 'processes') return []
      return [
        {
          path: [...path, key],
          message:
            key === 'placement'
              ? `on the ${platform} platform there is one host, and no nodes to place client and server on`
              : `on the ${platform} platform the server is one process, and has no replicas`,
          remedy:
            key === 'placement'
              ? `Remove it: ${PLACEMENTS.join(' and ')} are for platforms with a cluster.`
              : 'Remove it: replicas are for platforms with a cluster.',
          atKey: true,
        },
      ]
    }),
  )

/** Meshes that watch a cluster watch all of it, so the Services of one arm would be every other arm's too. */
const idleServicesNeedOwnClusters: Rule = (draft, meshes) => {
  const platform = platformOf(draft, meshes)
  const traits = traitsOf(platform)
  const isShared = draft.sketch.isolation === 'shared'
  if (!traits || traits.arms === 'effects' || (traits.ownClusters && !isShared)) return []
  return draft.arms
    .filter(({ arm }) => arm.idleServices !== undefined)
    .map(({ path }) => ({
      path: [...path, 'idleServices'],
      message:
        traits.arms === 'processes'
          ? `on the ${platform} platform there are no Services`
          : `${isShared ? 'with isolation: shared' : `on the ${platform} platform`} other arms in the cluster would have these Services too`,
      remedy: 'Remove it, or use the platform kind with a cluster for each arm.',
      atKey: true,
    }))
}

/** Processes of one host share its cores, so several would send no more than one. */
const generatorsNeedNodes: Rule = (draft, meshes) => {
  const platform = platformOf(draft, meshes)
  if (traitsOf(platform)?.arms !== 'processes') return []
  return draft.loads
    .filter(({ load: { generators = 1 } }) => generators > 1)
    .map(({ load: { generators }, at }) => ({
      path: at('generators'),
      message: `${generators} generators: on the ${platform} platform all load generators would share the cores of this host, and send no more than one`,
      remedy: 'Remove it, or choose a platform with clusters.',
      atKey: true,
    }))
}

const applicationsNeedACluster: Rule = (draft, meshes) => {
  const { workload } = draft.sketch
  const platform = platformOf(draft, meshes)
  if (!workload || traitsOf(platform)?.arms !== 'processes') return []
  return [
    {
      path: ['workload'],
      message: `on the ${platform} platform there is no cluster, which a workload needs`,
      remedy: 'Choose a platform with clusters, or remove workload.',
      atKey: true,
    },
  ]
}

const graphsHaveAnEnd: Rule = ({ sketch: { workload }, loads }) => {
  const graph = workload?.services && graphOf(workload.services)
  if (!workload?.services) {
    return loads.flatMap(({ load: { service }, at }) =>
      service === undefined
        ? []
        : [
            {
              path: at('service'),
              message: 'service names one of workload.services, which the scenario lacks',
              remedy: 'Remove it.',
              atKey: true,
            },
          ],
    )
  }
  if (!graph) return []
  const reserved = Object.hasOwn(graph, 'client')
    ? [
        {
          path: ['workload', 'services', 'client'],
          message: 'client is the name of the load generator',
          remedy: 'Give the service another name.',
          atKey: true,
        },
      ]
    : []
  const names = Object.keys(graph)
  const unknown = loads.flatMap(({ load: { service }, at }) =>
    service === undefined || names.includes(service)
      ? []
      : [{ path: at('service'), message: `the graph has no service ${service}`, remedy: suggest(service, names) }],
  )
  return [
    ...unknown,
    ...reserved,
    ...troublesOf(graph).map(({ service, message, remedy }) => ({
      path: ['workload', 'services', ...(service === undefined ? [] : [service])],
      message,
      remedy,
      atKey: true,
    })),
  ]
}

/** An application of the user's answers HTTP, and is as its manifests have it. */
const applicationsAreTheirOwn: Rule = ({ sketch: { workload }, loads, arms }) => {
  if (!workload) return []
  const expected = workload.entrance?.expectedStatus ?? 200
  return [
    ...loads.flatMap(({ load: { protocol, tool, script }, at }): Finding[] => {
      if (protocol !== undefined && protocol !== 'http' && protocol !== 'http2') {
        return [
          {
            path: at('protocol'),
            message: `a workload of your own is not asked by ${protocol}`,
            remedy: 'Use http or http2.',
          },
        ]
      }
      if (tool === undefined || script !== undefined || !TOOL_TRAITS[tool].takesAnyOf2xx || expected < 300) return []
      return [
        {
          path: at('tool'),
          message: `${tool} takes the status ${expected} for an error`,
          remedy: `Expect a status from 200 to 299, or use a tool that can be told: ${list(TOOLS.filter((name) => !TOOL_TRAITS[name].takesAnyOf2xx))}.`,
        },
      ]
    }),
    ...arms.flatMap(({ arm, path }) =>
      (['replicas', 'inject'] as const).flatMap((key): Finding[] =>
        arm[key] === undefined
          ? []
          : [
              {
                path: [...path, key],
                message: `${key} is of our own server, and the scenario has a workload`,
                remedy: 'Remove it: replicas stand in the manifests, or in each of the services.',
                atKey: true,
              },
            ],
      ),
    ),
  ]
}

const encryptionNeedsItsWay: Rule = ({ arms }, meshes) =>
  arms.flatMap(({ arm, path }) => {
    const { name, encryption = 'none' } = meshNamed(meshes, arm.mesh) ?? {}
    if (arm.placement !== 'same-node' || encryption === 'none' || ENCRYPTIONS[encryption].between !== 'nodes') return []
    return [
      {
        path: [...path, 'placement'],
        message: `${name} encrypts between nodes, and on the same node there is nothing to encrypt`,
        remedy: 'Remove placement, or choose another mesh.',
        atKey: true,
      },
    ]
  })

/** Nodes that are made on one machine have no distance that zones could name. */
const zonesNeedDistance: Rule = (draft, meshes) => {
  const platform = platformOf(draft, meshes)
  if (!traitsOf(platform)?.ownClusters) return []
  return draft.arms.flatMap(({ arm: { placement }, path }) =>
    placement === undefined || !BY_ZONE.includes(placement)
      ? []
      : [
          {
            path: [...path, 'placement'],
            message: `on the ${platform} platform all nodes are containers of one machine, so there are no zones`,
            remedy: 'Use same-node or cross-node, or measure zones on the platform cluster.',
          },
        ],
  )
}

/** Contexts name clusters that were there before. */
const contextsNeedClusters: Rule = (draft, meshes) => {
  const platform = platformOf(draft, meshes)
  const { arms, ownClusters } = traitsOf(platform) ?? {}
  if (arms === undefined || arms === 'effects' || (arms === 'kubernetes' && !ownClusters)) return []
  return draft.arms.flatMap(({ arm, path }) =>
    arm.context === undefined
      ? []
      : [
          {
            path: [...path, 'context'],
            message: `the ${platform} platform uses no clusters that were there before`,
            remedy: 'Remove it, or use `platform: cluster`.',
            atKey: true,
          },
        ],
  )
}

const isolationNeedsClusters: Rule = (draft, meshes) => {
  const { isolation } = draft.sketch
  const platform = platformOf(draft, meshes)
  const { arms, ownClusters } = traitsOf(platform) ?? {}
  if (isolation === undefined || arms === undefined || arms === 'effects' || ownClusters) return []
  return [
    {
      path: ['isolation'],
      message: `isolation ${isolation}: on the ${platform} platform arms have no clusters of their own`,
      remedy: `Remove it: ${ISOLATIONS.join(' and ')} are for the kind platform.`,
      atKey: true,
    },
  ]
}

/** What is there already is not provisioned anew. */
const cohortsNeedInstallations: Rule = (draft, meshes) => {
  const { cohorts, cluster } = draft.sketch
  const { arms, ownClusters } = traitsOf(platformOf(draft, meshes)) ?? {}
  if (arms !== 'kubernetes' || ownClusters || (cohorts ?? 1) < 2) return []
  const existing = draft.arms.filter(({ arm }) => {
    return meshNamed(meshes, arm.mesh)?.layer !== 'none' && (arm.provision ?? cluster?.provision) === 'existing'
  })
  if (existing.length === 0) return []
  return [
    {
      path: ['cohorts'],
      message: `${cohorts} cohorts: arms that exist already are not provisioned anew: ${existing.map(({ arm }) => arm.name).join(', ')}`,
      remedy: 'Remove cohorts, or use `provision: install`.',
      atKey: true,
    },
  ]
}

/** A load generator runs in a container there. */
const toolsHaveAnImage: Rule = (draft, meshes) => {
  if (traitsOf(platformOf(draft, meshes))?.arms !== 'kubernetes') return []
  return draft.loads.flatMap(({ load: { tool }, at }): Finding[] => {
    if (tool === undefined || isImaged(tool)) return []
    return [
      {
        path: at('tool'),
        message: `${tool} cannot be used in a cluster: its project publishes no image`,
        remedy: `Tools that can: ${list(TOOLS.filter(isImaged))}. Or name a platform without clusters.`,
      },
    ]
  })
}

/** Counters of kubelets are waited for before a window opens, and a kubelet knows no interfaces. */
const kubeletsCannotTell: Rule = (draft, meshes) => {
  const { cluster } = draft.sketch
  const { arms, ownClusters } = traitsOf(platformOf(draft, meshes)) ?? {}
  if (cluster?.usage !== 'kubelet' || arms !== 'kubernetes' || ownClusters) return []
  const remedy = 'Use `usage: agent`, or remove it.'
  return [
    ...draft.loads
      // A script with its own shape is warmed up by a process of its own.
      .filter(
        ({ load: { tool, shape } }) => tool !== undefined && shape === undefined && TOOL_TRAITS[tool].opensWhileRunning,
      )
      .map(({ load, at }) => ({
        path: at('tool'),
        message: `${load.tool} opens its window while it runs: there is no time to wait for the counters of kubelets`,
        remedy: `${remedy} Tools that can be measured so: ${list(TOOLS.filter((tool) => !TOOL_TRAITS[tool].opensWhileRunning))}.`,
      })),
    ...placedIn(draft, meshes)
      .filter(({ mesh }) => (mesh.kubernetes?.interfaces ?? []).length > 0)
      .map(({ mesh, path }) => ({
        path,
        message: `the proof that ${mesh.name} encrypts needs counters of network interfaces, which kubelets do not show`,
        remedy,
      })),
  ]
}

/** The rules that depend on the platform. */
export const platformRules: readonly Rule[] = [
  meshesFitThePlatform,
  meshesCarryTheProtocol,
  podsNeedACluster,
  idleServicesNeedOwnClusters,
  generatorsNeedNodes,
  zonesNeedDistance,
  contextsNeedClusters,
  gatewaysNeedACluster,
  meshesHaveTheGateway,
  isolationNeedsClusters,
  encryptionNeedsItsWay,
  cohortsNeedInstallations,
  applicationsNeedACluster,
  applicationsAreTheirOwn,
  graphsHaveAnEnd,
  toolsHaveAnImage,
  kubeletsCannotTell,
]

/** Platforms that support all of these meshes, the preferred one first. The simulated platform supports any. */
export function fittingPlatforms(meshes: readonly Mesh[]): PlatformName[] {
  return PLATFORMS.filter((platform) => meshes.every((mesh) => fitsOn(mesh, platform)))
}

function fitsOn(mesh: Mesh, platform: PlatformName): boolean {
  return PLATFORM_TRAITS[platform].arms === 'effects' || buildOf(mesh, platform) !== undefined
}

/** Whether a mesh carries a protocol on the platform. Meshes that the platform does not support are not judged. */
function carriesOn(mesh: Mesh, platform: PlatformName, protocol: Protocol, entersByGateway: boolean): boolean {
  const build = buildOf(mesh, platform)
  const { protocols } = (entersByGateway ? mesh.kubernetes?.gateway : undefined) ?? build ?? {}
  return protocols?.includes(protocol) ?? true
}

function buildOf(mesh: Mesh, platform: PlatformName): { readonly protocols: readonly Protocol[] } | undefined {
  const { arms } = PLATFORM_TRAITS[platform]
  if (arms === 'processes') return mesh.processes
  return arms === 'kubernetes' ? mesh.kubernetes : undefined
}
