import { describe, expect, it } from 'vitest'
import { podTrouble, restartedWithin } from '../../src/kubernetes/pod-trouble.ts'
import { capturedPods, podWith } from './pods.ts'

describe('podTrouble', () => {
  it('finds none in pods that serve', () => {
    for (const pod of capturedPods('istio-sidecar-pods.json')) expect(podTrouble(pod)).toBeUndefined()
  })
  it('gives an image some seconds', () => {
    const trouble = podTrouble(podWith({ state: { waiting: { reason: 'ErrImagePull', message: 'no such host' } } }))
    expect(trouble).toMatchObject({ kind: 'image', container: 'main', says: 'ErrImagePull: no such host' })
    expect(trouble?.hopelessAfter).toBeGreaterThan(0)
  })
  it('hopes for a crashing container until its third restart', () => {
    const crash = (restartCount: number) =>
      podTrouble(
        podWith({
          restartCount,
          state: { waiting: { reason: 'CrashLoopBackOff' } },
          lastState: { terminated: { exitCode: 7, reason: 'Error' } },
        }),
      )
    expect(crash(2)).not.toHaveProperty('hopelessAfter')
    expect(crash(3)).toMatchObject({ kind: 'crash', hopelessAfter: 0 })
    expect(crash(3)?.says).toContain('started 4 times')
    expect(crash(3)?.says).toContain('exit code 7 (Error)')
  })
  it('passes on why no node takes a pod', () => {
    const pod = podWith({})
    const conditions = [{ type: 'PodScheduled', status: 'False', message: '0/3 nodes are available' }]
    const status = { phase: 'Pending', conditions }
    expect(podTrouble({ ...pod, status })).toEqual({ kind: 'unschedulable', says: '0/3 nodes are available' })
  })
  it('does not take a start for trouble', () => {
    expect(podTrouble(podWith({ state: { waiting: { reason: 'ContainerCreating' } } }))).toBeUndefined()
  })
  it('sees a pod that ended', () => {
    const status = { phase: 'Failed', reason: 'Evicted', message: 'the node was low on memory' }
    expect(podTrouble({ ...podWith({}), status })).toEqual({
      kind: 'ended',
      says: 'Evicted: the node was low on memory',
    })
  })
})

describe('restartedWithin', () => {
  const restarted = (restartCount: number) =>
    podWith({ restartCount, state: { running: { startedAt: '2026-11-22T10:00:00Z' } } })
  it.each([
    [0, '2026-11-22T10:00:05Z', false],
    [1, '2026-11-22T10:00:05Z', true],
    [1, '2026-11-22T10:00:15Z', false],
  ])('with %i restarts, at %s: %s', (count, now, expected) => {
    expect(restartedWithin(restarted(count), 10, new Date(now))).toBe(expected)
  })
})
