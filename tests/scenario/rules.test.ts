import { describe, expect, it } from 'vitest'
import { meshes } from '../../src/meshes/index.ts'
import { settingsOf } from '../../src/meshes/settings.ts'
import type { Mesh } from '../../src/model/mesh.ts'
import { parseScenario } from '../../src/scenario/parse.ts'
import { kubernetesBuild } from './kubernetes-build.ts'
import { written } from './written.ts'

const cloud: Mesh = {
  name: 'cloud',
  title: 'A mesh that needs a cluster',
  summary: 'For tests.',
  layer: 'L7',
  encryption: 'mtls',
  settings: {
    threads: { summary: 'Threads.', type: 'number', minimum: 1, default: { equalised: 2, defaults: 1 } },
    mode: { summary: 'Mode.', type: 'string', default: { equalised: 'strict', defaults: 'strict' } },
  },
  kubernetes: kubernetesBuild,
}

/** The baseline carries everything, wherever it lives. */
const everywhere: Mesh = {
  ...(meshes['none'] as Mesh),
  kubernetes: { ...kubernetesBuild, protocols: ['http', 'http2', 'grpc', 'tcp'] },
}

const problemsOf = (text: string) => parseScenario(text, 'x.yaml', { ...meshes, none: everywhere, cloud }).problems
const load = (keys: string) => written({ loads: `[{ ${keys} }]` })
const simulated = (parts: Parameters<typeof written>[0]) => written({ top: 'platform: simulated', ...parts })
const inCluster = (parts: Parameters<typeof written>[0], usage = 'kubelet') =>
  written({ top: `platform: cluster\ncluster: { usage: ${usage} }`, arms: '[none, istio-sidecar]', ...parts })
const local = (parts: Parameters<typeof written>[0]) => written({ top: 'platform: local', ...parts })

describe('rules', () => {
  it.each<[string, string, string, string, string]>([
    ['armNamesAreUnique', written({ arms: '[none, { name: none, mesh: cloud }]' }), 'arms[1].name', 'two arms', 'A/A'],
    [
      'toolsHaveAnImage',
      inCluster({ loads: '[{ tool: [fortio, vegeta], rate: 1000/s, connections: 8 }]' }, 'agent'),
      'loads[0].tool[1]',
      'vegeta cannot be used in a cluster',
      'Tools that can: fortio and k6',
    ],
    [
      'generatorsHaveConnections',
      simulated({ loads: '[{ rate: 1000/s, connections: 3, generators: 4 }]' }),
      'loads[0].connections',
      '3 connections cannot be shared by 4 load generators',
      '4 connections or more',
    ],
    [
      'generatorsHaveConnections, as many as the others',
      simulated({ loads: '[{ tool: k6, rate: 1000/s, connections: 10, generators: 4 }]' }),
      'loads[0].connections',
      '10 connections are no multiple of 4 load generators',
      '8 or 12 connections',
    ],
    [
      'generatorsHaveConnections, of the whole scenario',
      simulated({ top: 'platform: simulated\ngenerators: 16' }),
      'loads[0].connections',
      '8 connections cannot be shared by 16 load generators',
      '16 connections or more',
    ],
    [
      'generatorsNeedNodes',
      local({ arms: '[none, envoy-sidecar]', loads: '[{ rate: 1000/s, generators: 2 }]' }),
      'loads[0].generators',
      'on the local platform all load generators would share the cores of this host',
      'a platform with clusters',
    ],
    ['meshesExist', written({ arms: '[none, linkrd]' }), 'arms[1].mesh', 'no mesh "linkrd"', 'envoy-sidecar'],
    ['meshesExist, by a word every object knows', written({ arms: '[toString]' }), 'arms[0].mesh', 'no mesh', 'none'],
    ...(
      [
        ['istio-sidecar', 'v1.31.1', 'have no "v"', 'Write 1.31.1.'],
        ['istio-ambient', '1.27', 'names many releases', '"1.31.1"'],
        ['istio-sidecar', '1.31.1-distroless', 'is a tag of images', 'Write 1.31.1;'],
        ['istio-sidecar', '1.031.1', 'is no release of Istio', 'three numbers'],
        ['kuma', 'v2.14.3', 'releases of Kuma', 'Write 2.14.3.'],
        ['linkerd', '2.20', 'edge releases only', 'Write edge-26.6.3.'],
        ['linkerd', '2026.6.3', 'edge releases only', 'Write edge-26.6.3.'],
        ['linkerd', 'edge-26.06.3', 'edge releases only', 'Write edge-26.6.3.'],
        ['linkerd', 'edge-26.13.1', 'edge releases only', 'Name an edge release'],
        ['linkerd', 'stable-2.14.10', 'edge releases only', 'edge-25.10.7 is 2.19'],
        ['linkerd', 'edge-25.9.3', 'bring the Gateway API themselves', 'edge-25.9.4 or a later'],
      ] as const
    ).map(
      ([mesh, version, message, remedy]) =>
        [
          `versionsCanBeInstalled, ${mesh} ${version}`,
          written({ arms: `[none, { name: x, mesh: ${mesh}, version: "${version}" }]` }),
          'arms[1].version',
          message,
          remedy,
        ] as [string, string, string, string, string],
    ),
    ...(
      [
        [
          '{ values: { meshConfig: { a: 1 } } }',
          'values.meshConfig',
          'has no chart "meshConfig"',
          'values.values.<chart>',
        ],
        ['{ values: { istio-cni: { a: 1 } } }', 'values.istio-cni', 'has no chart', 'Did you mean cni?'],
        ['{ values: { istiod: 3 } }', 'values.istiod', 'is not a map', 'below it'],
        ['{ values: { "*": { global.hub: x } } }', 'values.*.global.hub', 'one key with dots', 'global: { hub: "x" }'],
        [
          '{ values: { istiod: { global: { proxy.resources.limits: { cpu: 1 } } } } }',
          'values.istiod.global.proxy.resources.limits',
          'one key with dots',
          'proxy: { resources: { limits: a map of keys } }',
        ],
        ['{ meshConfig.accessLogFile: x }', 'meshConfig.accessLogFile', 'no setting', 'values.values.<chart>'],
        ['{ istiod: { a: 1 } }', 'istiod', 'no setting "istiod"', 'values.values.istiod'],
      ] as const
    ).map(
      ([values, path, message, remedy]) =>
        [
          `Helm values ${values}`,
          written({ arms: `[none, { name: x, mesh: istio-sidecar, values: ${values} }]` }),
          `arms[1].values.${path}`,
          message,
          remedy,
        ] as [string, string, string, string, string],
    ),
    ['meshesFitThePlatform', local({ arms: '[none, cloud]' }), 'arms[1].mesh', 'cannot be built', 'envoy-node'],
    [
      'meshesFitThePlatform, kind',
      written({ top: 'platform: kind', arms: '[none, envoy-node]' }),
      'arms[1].mesh',
      'cannot be installed in a cluster, as the kind platform',
      'use one of: none',
    ],
    [
      'meshesFitThePlatform, none named',
      written({ arms: '[none, cloud, envoy-node]' }),
      'arms[2].mesh',
      'no platform takes both cloud and envoy-node',
      'Use separate scenarios',
    ],
    [
      'meshesCarryTheProtocol, kind',
      written({ top: 'platform: kind', arms: '[none, cloud]', loads: '[{ rate: 99/s, protocol: tcp }]' }),
      'loads[0].protocol',
      'on the kind platform these arms do not carry tcp: cloud',
      'another protocol',
    ],
    [
      'meshesCarryTheProtocol, none named',
      written({ arms: '[none, cloud]', loads: '[{ rate: 99/s, protocol: tcp }]' }),
      'loads[0].protocol',
      'on the kind platform these arms do not carry tcp: cloud',
      'another protocol',
    ],
    [
      'encryptionNeedsItsWay',
      written({ arms: '[none, { mesh: cilium, placement: same-node }]' }),
      'arms[1].placement',
      'cilium encrypts between nodes',
      'Remove placement',
    ],
    [
      'placementNeedsNodes',
      local({ arms: '[{ mesh: none, placement: same-node }]' }),
      'arms[0].placement',
      'no nodes',
      'Remove it',
    ],
    [
      'zonesNeedDistance',
      written({ top: 'platform: kind', arms: '[none, { mesh: cloud, placement: cross-zone }]' }),
      'arms[1].placement',
      'containers of one machine',
      'platform cluster',
    ],
    [
      'contextsNeedClusters',
      written({ top: 'platform: kind', arms: '[none, { mesh: cloud, context: east }]' }),
      'arms[1].context',
      'no clusters that were there before',
      'platform: cluster',
    ],
    [
      'idleServicesNeedOwnClusters, on a host',
      local({ arms: '[none, { mesh: envoy-node, idleServices: 10 }]' }),
      'arms[1].idleServices',
      'there are no Services',
      'kind',
    ],
    [
      'idleServicesNeedOwnClusters, side by side',
      written({ top: 'platform: kind\nisolation: shared', arms: '[none, { mesh: cloud, idleServices: 10 }]' }),
      'arms[1].idleServices',
      'with isolation: shared other arms',
      'a cluster for each arm',
    ],
    [
      'idleServicesNeedOwnClusters, in a cluster that was there',
      written({ top: 'platform: cluster\ncluster: { context: a }', arms: '[{ mesh: none, idleServices: 1 }, cloud]' }),
      'arms[0].idleServices',
      'on the cluster platform other arms',
      'a cluster for each arm',
    ],
    [
      'isolationNeedsClusters',
      local({ top: 'platform: local\nisolation: frozen' }),
      'isolation',
      'no clusters',
      'kind',
    ],
    [
      'isolationNeedsClusters, none named',
      written({ top: 'isolation: sequential', arms: '[none, envoy-node]' }),
      'isolation',
      'on the local platform',
      'kind',
    ],
    [
      'valuesAreSettings, the key',
      written({ arms: '[{ mesh: cloud, values: { thread: 1 } }]' }),
      'arms[0].values.thread',
      'no setting',
      '"threads"',
    ],
    [
      'valuesAreSettings, the type',
      written({ arms: '[{ mesh: cloud, values: { mode: 1 } }]' }),
      'arms[0].values.mode',
      '1 is not a string',
      'Mode.',
    ],
    [
      'valuesAreSettings, the least',
      written({ arms: '[{ mesh: cloud, values: { threads: 0 } }]' }),
      'arms[0].values.threads',
      'whole number from 1',
      'Threads.',
    ],
    [
      'valuesAreSettings, of a mesh with none',
      written({ arms: '[{ mesh: none, values: { a: 1 } }]' }),
      'arms[0].values.a',
      'no setting',
      'Remove it',
    ],
    [
      'loadNamesAreUnique',
      written({ loads: '[{ rate: 99/s }, { rate: 99/s, payload: 0B }]' }),
      'loads[1].name',
      'two loads',
      'another name',
    ],
    [
      'loadNamesAreUnique, within a list',
      load('rate: [60/m, 1/s], connections: 1'),
      'loads[0].name',
      'two loads',
      'repeats',
    ],
    [
      'toolsSpeakTheProtocol, http2',
      load('tool: k6, protocol: http2, rate: 99/s'),
      'loads[0].protocol',
      'k6 does not support http2',
      'fortio',
    ],
    [
      'toolsSpeakTheProtocol, in lists',
      load('tool: [fortio, k6], protocol: [http, tcp], rate: 99/s'),
      'loads[0].protocol[1]',
      'k6 does not support tcp',
      'fortio',
    ],
    [
      'meshesCarryTheProtocol',
      local({ arms: '[none, envoy-sidecar]', loads: '[{ rate: 99/s, protocol: tcp }]' }),
      'loads[0].protocol',
      'these arms do not carry tcp: envoy-sidecar',
      'another protocol',
    ],
    ['tcpHasAPayload', load('protocol: tcp, rate: 99/s, payload: 0B'), 'loads[0].payload', 'tcp needs a payload', '1B'],
    ...(
      [
        ['linkerd', 'arms[1].mesh', 'does not provide its own ingress controller', 'entrance: service for this arm'],
        ['kuma', 'arms[1].mesh', 'meshbench installs none of it', 'istio-sidecar'],
        [
          '{ name: l, mesh: linkerd, entrance: gateway }',
          'arms[1].entrance',
          'linkerd has no gateway',
          'Remove entrance',
        ],
      ] as const
    ).map(
      ([arm, path, message, remedy]) =>
        [
          `meshesHaveTheGateway, ${arm}`,
          written({ top: 'platform: kind\nentrance: gateway', arms: `[none, ${arm}, istio-sidecar]` }),
          path,
          message,
          remedy,
        ] as [string, string, string, string, string],
    ),
    [
      'meshesHaveTheGateway, an arm without a mesh',
      written({ top: 'platform: kind', arms: '[{ name: n, mesh: none, entrance: gateway }, istio-sidecar]' }),
      'arms[0].entrance',
      'none has no gateway',
      'Remove entrance',
    ],
    [
      'meshesHaveTheGateway, no arm',
      written({
        top: 'platform: kind\nentrance: gateway',
        arms: '[none, { name: i, mesh: istio-sidecar, entrance: service }]',
      }),
      'entrance',
      'no arm of this scenario has a gateway',
      'istio-sidecar',
    ],
    [
      'gatewaysNeedACluster',
      local({
        arms: '[none, { name: e, mesh: envoy-sidecar, entrance: service }]',
        top: 'platform: local\nentrance: gateway',
      }),
      'entrance',
      'no cluster, and so no gateway',
      'Remove it',
    ],
    [
      'meshesCarryTheProtocol, behind a gateway',
      written({
        top: 'platform: kind\nentrance: gateway',
        arms: '[none, istio-sidecar]',
        loads: '[{ rate: 99/s, protocol: tcp }]',
      }),
      'loads[0].protocol',
      'do not carry tcp: istio-sidecar',
      'another protocol',
    ],
    [
      'payloadsAreTaken, grpc',
      load('protocol: grpc, rate: 99/s, payload: [4095KiB, 4MiB]'),
      'loads[0].payload[1]',
      '4 MiB is more than fortio can send by grpc',
      '4095KiB or less',
    ],
    [
      'payloadsAreTaken, tcp',
      load('protocol: tcp, rate: 99/s, payload: 1025KiB'),
      'loads[0].payload',
      'more than fortio can send by tcp',
      '1024KiB or less',
    ],
    [
      'bodiesFitTheMemory',
      load('rate: 999/s, connections: 65, payload: 16MiB'),
      'loads[0].payload',
      'more than the 1 GiB',
      '64 connections at most',
    ],
    [
      'everyConnectionIsUsed, fortio',
      load('rate: 10/s, duration: 2s, connections: 11'),
      'loads[0].connections',
      'fortio would use 10',
      'than 10',
    ],
    [
      'everyConnectionIsUsed, k6',
      load('tool: k6, rate: 10/s, duration: 2s, connections: 21'),
      'loads[0].connections',
      'k6 would use 20',
      'than 20',
    ],
    [
      'everyConnectionIsUsed, no request',
      load('rate: 3/m, connections: 1'),
      'loads[0].connections',
      '0 requests',
      'a longer duration',
    ],
    [
      'connectionsStayOpen',
      load('rate: 1/s, connections: 31, duration: 2m'),
      'loads[0].connections',
      'idle for 31 s',
      'than 30',
    ],
    [
      'openLoopIsPossible',
      load('rate: 30k/s, connections: 1'),
      'loads[0].connections',
      'none is that fast',
      'lower rate',
    ],
    [
      'openLoopIsPossible, delayed',
      written({ arms: '[none, { name: slow, mesh: none, inject: { delay: 80ms } }]' }),
      'loads[0].connections',
      'arm slow delays it by 80 ms',
      '17 connections',
    ],
    [
      'kubeletsCannotTell, a tool that warms up by itself',
      inCluster({ loads: '[{ tool: k6, rate: 99/s }]' }),
      'loads[0].tool',
      'opens its window while it runs',
      'fortio',
    ],
    [
      'kubeletsCannotTell, an encryption between nodes',
      inCluster({ arms: '[none, cilium]' }),
      'arms[1].mesh',
      'interfaces',
      'usage: agent',
    ],
    [
      'loadsAreFew',
      load(`rate: [${list((n) => `${n + 100}/s`)}], connections: [${list((n) => `${n + 1}`)}]`),
      'loads',
      'more than 100 loads',
      'Shorten',
    ],
    ['trialsAreFew', written({ top: 'blocks: 1000\ncohorts: 100' }), 'blocks', '200000 trials', 'fewer'],
    [
      'trialNamesAreUnique',
      written({
        arms: '[{ name: a, mesh: none }, { name: a-b, mesh: none }]',
        loads: '[{ name: b-c, rate: 99/s }, { name: c, rate: 99/s }]',
      }),
      'arms[1].name',
      'share a file name',
      'Rename',
    ],
    [
      'simulatedArmsExist, effects',
      written({ simulation: '{ effects: { envoy-nod: { cpu: 2 } } }' }),
      'simulation.effects.envoy-nod',
      'no arm',
      '"envoy-node"',
    ],
    [
      'simulatedArmsExist, faults',
      written({ simulation: '{ faults: [{ kind: slow, arm: x }] }' }),
      'simulation.faults[0].arm',
      'no arm "x"',
      'none',
    ],
    [
      'faultyBlocksExist',
      written({ simulation: '{ faults: [{ kind: slow, arm: none, blocks: [4, 5] }] }' }),
      'simulation.faults[0].blocks[1]',
      'no block 5',
      'to 4',
    ],
    [
      'stallsEnd',
      written({ simulation: '{ stalls: { every: 1s, last: 1s } }' }),
      'simulation.stalls.last',
      'never end',
      'shorter',
    ],
    [
      'stallsEnd, jitter',
      written({ simulation: '{ stalls: { every: 1s, last: 600ms, jitter: 0.7 } }' }),
      'simulation.stalls.last',
      'never end',
      '1 + `jitter`',
    ],
  ])('refuse a scenario that breaks %s', (_, text, path, message, remedy) => {
    const [problem, ...more] = problemsOf(text)
    expect(more).toEqual([])
    expect(problem?.path).toBe(path)
    expect(problem?.message).toContain(message)
    expect(problem?.remedy).toContain(remedy)
  })

  it.each([
    ['counters of kubelets for a tool that warms up before', inCluster({})],
    ['agents for any tool', inCluster({ loads: '[{ tool: k6, rate: 99/s }]' }, 'agent')],
    ['an A/A pair', written({ arms: '[none, { name: none-again, mesh: none }]' })],
    ['half of the requests as connections', load('rate: 10/s, duration: 2s, connections: 10')],
    ['connections idle for 30 s', load('rate: 1/s, connections: 30, duration: 2m')],
    ['a closed loop with any number of connections', load('rate: max, connections: 5000')],
    [
      'tcp where every mesh carries it',
      local({ arms: '[none, envoy-node]', loads: '[{ protocol: tcp, rate: 99/s }]' }),
    ],
    ['a mesh of clusters where no platform is named', written({ arms: '[none, cloud]' })],
    ['all kinds of meshes on the simulated platform', simulated({ arms: '[none, cloud, envoy-node]' })],
    [
      'zones, contexts and tolerations in clusters that were there before',
      written({
        top: 'platform: cluster\ncluster: { context: a, tolerations: [{ key: dedicated, operator: Exists }] }',
        arms: '[none, { mesh: cloud, placement: cross-zone, context: b }]',
      }),
    ],
    [
      'placement and isolation where there are clusters',
      written({ top: 'isolation: sequential', arms: '[none, { mesh: cloud, placement: same-node }]' }),
    ],
    ['idle services where each arm has a cluster', written({ arms: '[none, { mesh: cloud, idleServices: 10000 }]' })],
    [
      'k6 with fewer connections than the delay takes',
      written({ arms: '[{ mesh: none, inject: { delay: 1s } }]', loads: '[{ tool: k6, rate: 99/s }]' }),
    ],
    [
      'a fault in the last block of the last cohort',
      written({ top: 'cohorts: 2', simulation: '{ faults: [{ kind: slow, arm: none, blocks: [8] }] }' }),
    ],
  ])('accept a scenario with %s', (_, text) => {
    expect(problemsOf(text)).toEqual([])
  })

  it('pass over values that are reported already', () => {
    const problems = problemsOf(
      written({
        arms: '[none, 7]',
        loads: '[{ rate: fast, connections: 9000 }, { rate: slow, connections: 9000 }]',
        simulation: '{ effects: { seven: { cpu: 2 } } }',
      }),
    )
    expect(problems.map(({ path }) => path)).toEqual(['arms[1]', 'loads[0].rate', 'loads[1].rate'])
  })

  it('accept the same values as the meshes themselves', () => {
    for (const mesh of Object.values(meshes)) {
      for (const key of [...Object.keys(mesh.settings), 'nonsense', 'toString']) {
        for (const value of [0, 1, -1, 1.5, true, 'text', null]) {
          const arm = { name: 'a', mesh: mesh.name, values: { [key]: value } }
          const found = problemsOf(written({ arms: JSON.stringify([arm]) }))
          expect([arm, found.length === 0]).toEqual([arm, accepts(() => settingsOf(mesh, 'equalised', arm))])
        }
      }
    }
  })
})

function accepts(action: () => unknown): boolean {
  try {
    action()
    return true
  } catch {
    return false
  }
}

function list(item: (index: number) => string): string {
  return Array.from({ length: 11 }, (_, index) => item(index)).join(', ')
}
