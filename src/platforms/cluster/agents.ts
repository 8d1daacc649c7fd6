import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { Cluster } from '../../kubernetes/cluster.ts'
import { stamped } from '../../kubernetes/install/install-mesh.ts'
import { throughCuts } from '../../kubernetes/lasting.ts'
import { Failure } from '../../model/failure.ts'
import type { KubernetesObject, Readiness } from '../../model/mesh.ts'
import type { MeasuredNode } from '../in-cluster/cluster-arm.ts'
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
  readonly nodes: readonly MeasuredNode[]
  readonly image: string
}

const podOf = (node: string) => `agent-${node}`

/** A pod on each node that reads the node's counters when it is told to. */
function agentPods({ run, nodes, image }: AgentsOf): KubernetesObject[] {
  const agent = parse(readFileSync(FILE, 'utf8')) as KubernetesObject
  const spec = agent['spec'] as { readonly containers: readonly object[] }
  return nodes.map(({ key, name }) =>
    stamped(
      {
        ...agent,
        metadata: { ...agent.metadata, name: podOf(key), namespace: runNamespace(run) },
        // Bound without the scheduler, which would not put it on a node that takes no pods.
        spec: { ...spec, nodeName: name, containers: spec.containers.map((one) => ({ ...one, image })) },
      },
      run,
    ),
  )
}

/** Starts the agents, and waits until they are ready. */
export async function startAgents(of: AgentsOf, signal: AbortSignal): Promise<void> {
  const pods = agentPods(of)
  const ready = pods.map(
    ({ metadata: { name } }): Readiness => ({ kind: 'Pod', namespace: runNamespace(of.run), name }),
  )
  try {
    // An admission policy refuses them here; what a node does not allow is seen below.
    await of.cluster.apply(pods, signal)
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

/** Runs a program in a node's agent, and returns its standard output. */
export async function onAgent(
  { cluster, run }: Pick<AgentsOf, 'cluster' | 'run'>,
  node: string,
  command: readonly string[],
): Promise<string> {
  const where = { namespace: runNamespace(run), pod: podOf(node), container: CONTAINER, command }
  const limit = AbortSignal.timeout(ANSWER)
  // Reading the counters twice does no harm: each reading has its own time.
  return await throughCuts(async () => {
    const parts: Uint8Array[] = []
    for await (const bytes of cluster.stream(where, limit)) parts.push(bytes)
    return Buffer.concat(parts).toString()
  }, limit)
}
