import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { Cluster } from '../../../src/kubernetes/cluster.ts'
import { Failure } from '../../../src/model/failure.ts'
import { makePlan } from '../../../src/plan/make-plan.ts'
import { kubeletFindings, windowsFindings } from '../../../src/platforms/cluster/check-kubelets.ts'
import { loadOf, scenarioOf } from '../../build/scenario.ts'

const planOf = (usage: 'agent' | 'kubelet', ...durations: number[]) =>
  makePlan(
    scenarioOf({
      platform: 'cluster',
      cluster: { usage },
      loads: durations.map((duration) => loadOf({ name: `for-${duration}`, duration })),
    }),
  )

describe('windows for counters of kubelets', () => {
  it('are long enough from a minute on', () => {
    const [finding, ...more] = windowsFindings(planOf('kubelet', 10, 59, 60, 90))
    expect(more).toEqual([])
    expect(finding).toMatchObject({
      severity: 'warning',
      message: expect.stringMatching(/for-10 \(10 s\) and for-59 \(59 s\)$/),
    })
    expect(finding?.remedy).toContain('duration: 60s')
    expect(windowsFindings(planOf('kubelet', 60, 90))).toEqual([])
  })

  it('may be short where agents read', () => {
    expect(windowsFindings(planOf('agent', 1))).toEqual([])
  })
})

describe('the kubelets of the nodes', () => {
  const captured = new URL('../../captured/kubelet/cadvisor.prom.gz', import.meta.url)
  const text = gunzipSync(readFileSync(captured)).toString()
  const nodes = ['one', 'two']
  const answering = (get: (path: string) => Promise<string>) => ({ get }) as unknown as Cluster
  const { signal } = new AbortController()

  it('are asked once each, and show how old their counters are', async () => {
    const asked: string[] = []
    const cluster = answering(async (path) => {
      asked.push(path)
      return text
    })
    const [finding] = await kubeletFindings(cluster, nodes, signal)
    expect(finding).toMatchObject({
      severity: 'ok',
      message: expect.stringMatching(/of one and two show .* \d+ s old$/),
    })
    expect(asked.toSorted()).toEqual(['one', 'two'].map((name) => `/api/v1/nodes/${name}/proxy/metrics/cadvisor`))
  })

  it('are an error where they may not be asked, or say nothing of the node', async () => {
    const refused = new Failure('cluster-refused', 'The API server did not answer.', { cause: 'forbidden (403)' })
    const [forbidden] = await kubeletFindings(
      answering(() => Promise.reject(refused)),
      nodes,
      signal,
    )
    expect(forbidden).toMatchObject({ severity: 'error', cause: 'forbidden (403)' })
    const [empty] = await kubeletFindings(
      answering(async () => ''),
      nodes,
      signal,
    )
    expect(empty).toMatchObject({ severity: 'error', remedy: expect.stringContaining('usage: agent') })
  })
})
