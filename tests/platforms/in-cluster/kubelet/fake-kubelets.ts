import { none as declared } from '../../../../src/meshes/none.ts'
import type { PodFact } from '../../../../src/model/mesh.ts'
import { makePlan } from '../../../../src/plan/make-plan.ts'
import type { RunningArmOptions } from '../../../../src/platforms/in-cluster/cluster-window.ts'
import { scenarioOf } from '../../../build/scenario.ts'

export const NAMESPACE = 'meshbench-x-none'
export const SERVER = 'a'.repeat(64)
const CLIENT = 'b'.repeat(64)

/** A container of a pod of the workload. */
function podFact(name: 'client' | 'server', container: string, id: string): PodFact {
  return {
    ...{ name, namespace: NAMESPACE, uid: name, labels: { app: name }, annotations: {}, node: name, address: '' },
    containers: [{ name: container, image: '', imageId: '', id, restarts: 0, ready: true, env: {} }],
  }
}

/** What a meter is made with, for kubelets that answer so. */
export function optionsOf(
  get: (path: string) => Promise<string>,
  changes: { idle?: number; pods?: readonly PodFact[]; nodes?: RunningArmOptions['arm']['nodes'] } = {},
): RunningArmOptions {
  const {
    idle = 0,
    pods = [podFact('client', 'fortio', CLIENT), podFact('server', 'server', SERVER)],
    nodes = { client: 'one', server: 'two', control: 'three' },
  } = changes
  const plan = makePlan(scenarioOf({ platform: 'cluster', idle }))
  const of = { kubernetes: declared.kubernetes, about: { namespace: NAMESPACE } }
  const arm = { of, plan, nodes, cluster: { get } } as unknown as RunningArmOptions['arm']
  return { arm, pods, facts: [], signal: new AbortController().signal }
}

/** Time that passes only while somebody sleeps or asks. */
export function fakeClock(start = 500) {
  let now = start
  return {
    now: () => now,
    sleep: async (seconds: number) => {
      now += seconds
    },
  }
}

interface Group {
  readonly node: string
  readonly id: string
  /** CPU-seconds at a moment of the clock. */
  cpu(at: number): number
  /** Seconds between two readings, and when the first is. */
  readonly every: number
  readonly first: number
}

/**
 * Kubelets whose groups use what is told, and that read each of them by a timer of its own.
 *
 * @param ahead how far the clocks of the nodes are ahead of the monotonic clock of the test
 */
export function fakeKubelets(clock: ReturnType<typeof fakeClock>, groups: readonly Group[], ahead = 1.7e9) {
  const asked: { node: string; at: number }[] = []
  const get = async (path: string) => {
    const node = path.split('/')[4] ?? ''
    // An answer takes a while, and the kubelet speaks in its middle.
    await clock.sleep(0.02)
    const now = clock.now()
    asked.push({ node, at: now })
    await clock.sleep(0.02)
    const lines = groups
      .filter((one) => one.node === node)
      .flatMap(({ id, cpu, every, first }) => {
        const at = first + Math.floor((now - first) / every) * every
        const stamp = Math.round((at + ahead) * 1000)
        return [
          `container_cpu_usage_seconds_total{cpu="total",id="${id}"} ${cpu(at)} ${stamp}`,
          `container_memory_working_set_bytes{id="${id}"} ${1000 + at} ${stamp}`,
          `container_last_seen{id="${id}"} 1 ${Math.round((now + ahead) * 1000)}`,
        ]
      })
    return lines.join('\n')
  }
  return { get, asked }
}

const scope = (id: string) => `/kubelet.slice/kubelet-kubepods-pod1.slice/cri-containerd-${id}.scope`

/** Three nodes with client and server, which use `idle` core, and `busy` core while the clock is in a span. */
export function busyGroups(spans: readonly (readonly [from: number, to: number])[], { idle = 0.01, busy = 0.25 } = {}) {
  const used = (at: number) =>
    idle * at + spans.reduce((sum, [from, to]) => sum + (busy - idle) * Math.max(0, Math.min(at, to) - from), 0)
  const node = (at: number) => used(at) + 0.05 * at
  return [
    { node: 'one', id: '/', cpu: node, every: 17, first: 3 },
    { node: 'one', id: scope(CLIENT), cpu: used, every: 13, first: 5 },
    { node: 'two', id: '/', cpu: node, every: 11, first: 1 },
    { node: 'two', id: scope(SERVER), cpu: used, every: 19, first: 9 },
    { node: 'three', id: '/', cpu: (at: number) => 0.2 * at, every: 14, first: 2 },
  ]
}
