import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { Cluster } from '../../kubernetes/cluster.ts'
import { stamped } from '../../kubernetes/install/install-mesh.ts'
import { throughCuts } from '../../kubernetes/lasting.ts'
import { Failure } from '../../model/failure.ts'
import type { KubernetesObject, Readiness } from '../../model/mesh.ts'
import type { MeasuredNode, OnNode } from '../in-cluster/cluster-arm.ts'
import type { ClusterNode } from './choose-nodes.ts'
import { runNamespace } from './inventory.ts'

const FILE = new URL('../../../manifests/agent.yaml', import.meta.url)
const CONTAINER = 'agent'
/** For the agents to be ready, in seconds. */
const PATIENCE = 120
/** For the counters of one node, in milliseconds. */
const ANSWER = 30_000

/** Of the namespace of agents, which read what only privileged pods may. */
export const AGENTS_NAMESPACE = { 'pod-security.kubernetes.io/enforce': 'privileged' } as const

interface AgentsOf {
  readonly cluster: Cluster
  readonly run: string
  readonly image: string
}

/** The agents of a run in one cluster. */
export interface Agents {
  /** Starts one on each of these nodes that has none yet, and waits until they are ready. */
  start(nodes: readonly Pick<ClusterNode, 'metadata'>[], signal: AbortSignal): Promise<void>
  /** Runs programs in the agents of these nodes. */
  onNode(measured: readonly MeasuredNode[]): OnNode
}

export function agentsOf(of: AgentsOf): Agents {
  /** Node → its agent. A machine that comes back under the same name is another node. */
  const started = new Map<string, { readonly uid: string | undefined; readonly pod: string }>()
  let count = 0
  return {
    start: async (nodes, signal) => {
      const bare = nodes.filter(
        ({ metadata }) => started.get(metadata.name)?.uid !== metadata.uid || !started.has(metadata.name),
      )
      if (bare.length === 0) return
      const pods = new Map(bare.map(({ metadata: { name } }) => [name, `agent-${++count}`]))
      await startAgents(of, pods, signal)
      for (const { metadata } of bare)
        started.set(metadata.name, { uid: metadata.uid, pod: pods.get(metadata.name) ?? '' })
    },
    onNode: (measured) => {
      const names = new Map(measured.map(({ key, name }) => [key, name]))
      return async (key, argv) => {
        const agent = started.get(names.get(key) ?? '')
        if (!agent) throw new TypeError(`node ${key} has no agent`)
        return await onAgent(of, agent.pod, argv)
      }
    },
  }
}

/** A pod on each node that reads the node's counters when it is told to. */
function agentPods({ run, image }: AgentsOf, pods: ReadonlyMap<string, string>): KubernetesObject[] {
  const agent = parse(readFileSync(FILE, 'utf8')) as KubernetesObject
  const spec = agent['spec'] as { readonly containers: readonly object[] }
  return [...pods].map(([node, name]) =>
    stamped(
      {
        ...agent,
        metadata: { ...agent.metadata, name, namespace: runNamespace(run) },
        // Bound without the scheduler, which would not put it on a node that takes no pods.
        spec: { ...spec, nodeName: node, containers: spec.containers.map((one) => ({ ...one, image })) },
      },
      run,
    ),
  )
}

/** @param pods node → name of its agent */
async function startAgents(of: AgentsOf, pods: ReadonlyMap<string, string>, signal: AbortSignal): Promise<void> {
  const objects = agentPods(of, pods)
  const ready = objects.map(
    ({ metadata: { name } }): Readiness => ({ kind: 'Pod', namespace: runNamespace(of.run), name }),
  )
  try {
    // An admission policy refuses them here; what a node does not allow is seen below.
    await of.cluster.apply(objects, signal)
    await of.cluster.untilReady(ready, PATIENCE, signal)
  } catch (error) {
    signal.throwIfAborted()
    throw new Failure('no-agent', 'the agents that read CPU and memory of the nodes did not start', {
      cause: error,
      remedy:
        'They need pods with a hostPath volume of /sys/fs/cgroup in the namespace of the run, which has the PodSecurity level privileged: check the policies of the cluster. Where such pods are not allowed, use `cluster: { usage: kubelet }` in the scenario.',
    })
  }
}

/** Runs a program in an agent, and returns its standard output. */
async function onAgent({ cluster, run }: AgentsOf, pod: string, command: readonly string[]): Promise<string> {
  const where = { namespace: runNamespace(run), pod, container: CONTAINER, command }
  const limit = AbortSignal.timeout(ANSWER)
  // Reading the counters twice does no harm: each reading has its own time.
  return await throughCuts(async () => {
    const parts: Uint8Array[] = []
    for await (const bytes of cluster.stream(where, limit)) parts.push(bytes)
    return Buffer.concat(parts).toString()
  }, limit)
}
