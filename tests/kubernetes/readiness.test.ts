import { describe, expect, it } from 'vitest'
import { belongsTo, lackOf, type Watched } from '../../src/kubernetes/until-ready.ts'
import { captured, capturedPods, podWith } from './pods.ts'

const available = { type: 'Available', status: 'True' }
const deployment = (status: NonNullable<Watched['status']>, generation = 2): Watched => ({
  metadata: { name: 'istiod', generation },
  spec: { selector: { matchLabels: { app: 'istiod' } } },
  status: { observedGeneration: 2, conditions: [available], replicas: 1, updatedReplicas: 1, ...status },
})

describe('lackOf', () => {
  it('finds a deployment ready', () => expect(lackOf('Deployment', deployment({}))).toBeUndefined())
  it('does not trust a status of before the last change', () => {
    expect(lackOf('Deployment', deployment({}, 3))).toContain('has not seen its last change')
    expect(lackOf('Deployment', deployment({ updatedReplicas: 0 }))).toContain('0 of 1 replicas')
  })
  it('tells in its own words what a deployment lacks', () => {
    const conditions = [{ type: 'ReplicaFailure', status: 'True', message: 'exceeded quota' }]
    expect(lackOf('Deployment', deployment({ conditions }))).toBe('exceeded quota')
    expect(lackOf('Deployment', deployment({ conditions: [] }))).toBe('it is not Available')
  })
  it.each([
    [0, 0, 'it runs on no node'],
    [3, 2, '2 of 3 pods are ready'],
    [3, 3, undefined],
  ])('of a DaemonSet with %i desired and %i ready says %s', (desired, ready, lack) => {
    const status = { desiredNumberScheduled: desired, updatedNumberScheduled: desired, numberReady: ready }
    expect(lackOf('DaemonSet', { metadata: { name: 'ztunnel' }, status })).toBe(lack)
  })
  it.each([
    [4, 3, '3 of 4 pods are ready'],
    [4, 4, undefined],
    [4, undefined, '0 of 4 pods are ready'],
  ])('of a job of %i pods of which %s are ready says %s', (completions, ready, lack) => {
    const job = {
      metadata: { name: 'client' },
      spec: { completions },
      status: { ...(ready !== undefined && { ready }) },
    }
    expect(lackOf('Job', job)).toBe(lack)
  })
  it('finds the captured gateway programmed, and not after a change', () => {
    const gateway = captured<Watched>('gateway.json')
    expect(lackOf('Gateway', gateway)).toBeUndefined()
    expect(lackOf('Gateway', { ...gateway, metadata: { ...gateway.metadata, generation: 9 } })).toBeDefined()
  })
  it('finds captured pods ready', () => {
    for (const pod of capturedPods('linkerd-pods.json')) expect(lackOf('Pod', pod)).toBeUndefined()
  })
  it('misses what is not there', () => expect(lackOf('Pod', undefined)).toBe('it does not exist'))
})

describe('belongsTo', () => {
  const target = { kind: 'Deployment', namespace: 'bench', name: 'istiod' } as const
  it('goes by the selector', () => {
    expect(belongsTo(podWith({}, 'istiod'), target, deployment({}))).toBe(true)
    expect(belongsTo(podWith({}, 'other'), target, deployment({}))).toBe(false)
    expect(belongsTo(podWith({}, 'istiod'), target, undefined)).toBe(false)
  })
  it('leaves out pods that are on their way out', () => {
    const pod = podWith({}, 'istiod')
    const leaving = { ...pod, metadata: { ...pod.metadata, deletionTimestamp: '2026-11-22T00:00:00Z' } }
    expect(belongsTo(leaving, target, deployment({}))).toBe(false)
  })
})
