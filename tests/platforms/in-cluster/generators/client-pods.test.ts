import { describe, expect, it } from 'vitest'
import type { PodFact } from '../../../../src/model/mesh.ts'
import { clientPods } from '../../../../src/platforms/in-cluster/generators/client-pods.ts'
import { podsOf, workloadFor } from '../../../../src/platforms/in-cluster/workload.ts'
import { loadOf } from '../../../build/scenario.ts'

const about = {
  arm: { name: 'none', mesh: 'none' },
  images: { fortio: 'fortio:1', k6: 'k6:1', busybox: 'busybox:1' },
  enrolment: { objects: [], until: [], podAnnotations: { injected: 'yes' } },
  run: 'a-run',
  namespace: 'bench',
}

/** The client of a load with so many load generators. */
function clientOf(generators: number, change: object = {}) {
  const { pods } = workloadFor({ ...about, loads: [loadOf({ generators }), loadOf()], ...change })
  return pods.find(({ metadata }) => metadata.name === 'client') as unknown as {
    kind: string
    metadata: object
    spec: {
      completions: number
      parallelism: number
      completionMode: string
      template: {
        metadata: object
        spec: {
          nodeSelector?: object
          affinity?: object
          restartPolicy: string
          topologySpreadConstraints?: readonly { whenUnsatisfiable: string }[]
          containers: readonly { name: string; resources: { requests: { cpu: string; memory: string } } }[]
        }
      }
    }
  }
}

describe('the client of several load generators', () => {
  it('is an indexed job of as many pods as the load with most of them needs, enrolled like the pod of one', () => {
    const { kind, metadata, spec } = clientOf(4)
    expect(kind).toBe('Job')
    expect(metadata).toMatchObject({ labels: { 'meshbench.io/run': 'a-run' } })
    expect(spec).toMatchObject({ completionMode: 'Indexed', completions: 4, parallelism: 4 })
    expect(spec.template.metadata).toMatchObject({ labels: { app: 'client' }, annotations: { injected: 'yes' } })
    expect(clientOf(1).kind).toBe('Pod')
  })

  it('asks on one node for what one asks for, and is spread over several', () => {
    const cpu = (of: ReturnType<typeof clientOf>) =>
      of.spec.template.spec.containers.find(({ name }) => name === 'fortio')?.resources.requests.cpu
    const onOne = clientOf(4, { clientNodes: ['a'] })
    expect(onOne.spec.template.spec.nodeSelector).toEqual({ 'meshbench.io/part': 'client' })
    expect(onOne.spec.template.spec.topologySpreadConstraints).toBeUndefined()
    expect(cpu(onOne)).toBe('125m')
    const onTwo = clientOf(4, { clientNodes: ['a', 'b'] })
    expect(onTwo.spec.template.spec.nodeSelector).toBeUndefined()
    expect(JSON.stringify(onTwo.spec.template.spec.affinity)).toContain('"values":["a","b"]')
    expect(onTwo.spec.template.spec.topologySpreadConstraints).toMatchObject([{ whenUnsatisfiable: 'DoNotSchedule' }])
    expect(cpu(onTwo)).toBe('250m')
  })

  it('stands beside the server where the arm says so, on whatever node that is', () => {
    const arm = { name: 'near', mesh: 'none', placement: 'same-node' as const }
    const { spec } = clientOf(2, { arm, clientNodes: ['a', 'b'] })
    expect(spec.template.spec.nodeSelector).toEqual({ 'meshbench.io/part': 'server' })
  })

  it('is waited for as a job', () => {
    expect(podsOf({}, 'bench', undefined, 4)[0]).toEqual({ kind: 'Job', namespace: 'bench', name: 'client' })
    expect(podsOf({}, 'bench')[0]).toEqual({ kind: 'Pod', namespace: 'bench', name: 'client' })
  })

  it('has its pods in the order of their indices, whatever they are called', () => {
    const pod = (index: number, namespace = 'bench'): PodFact => ({
      ...{
        name: `client-${index}-x`,
        namespace,
        uid: `${index}`,
        labels: { app: 'client' },
        address: '',
        containers: [],
      },
      ...{
        annotations: { 'batch.kubernetes.io/job-completion-index': `${index}` },
        node: 'client',
        nodeName: `node-${index}`,
      },
    })
    const found = clientPods([10, 2, 0].map((index) => pod(index)).concat(pod(1, 'other')), 'bench')
    expect(found).toEqual([
      { name: 'client-0', pod: 'client-0-x', node: 'node-0' },
      { name: 'client-2', pod: 'client-2-x', node: 'node-2' },
      { name: 'client-10', pod: 'client-10-x', node: 'node-10' },
    ])
  })
})
