import { describe, expect, it } from 'vitest'
import { podTrouble, remedyFor, restartedWithin } from '../../src/kubernetes/pod-trouble.ts'
import type { ContainerStatus, Pod } from '../../src/kubernetes/pods.ts'
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

/** Statuses as people have pasted them in public. */
describe('what people meet', () => {
  const status = (more: Partial<ContainerStatus> & { name: string }): ContainerStatus => ({
    ...{ image: 'x', imageID: '', ready: false, restartCount: 0 },
    ...more,
  })
  const unready = [
    { type: 'PodScheduled', status: 'True' },
    {
      type: 'Ready',
      status: 'False',
      reason: 'ContainersNotReady',
      message: 'containers with unready status: [server]',
    },
  ]
  const podIn = (about: NonNullable<Pod['status']>): Pod => ({
    ...podWith({}),
    status: { conditions: unready, ...about },
  })
  const crashing = (exitCode: number, message: string, reason = 'Error') => ({
    restartCount: 5,
    state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 2m40s' } },
    lastState: { terminated: { exitCode, reason, message } },
  })

  it.each<[string, NonNullable<Pod['status']>, object, RegExp | undefined]>([
    [
      'evicted',
      { phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: ephemeral-storage.' },
      { kind: 'ended', says: 'Evicted: The node was low on resource: ephemeral-storage.' },
      /^Free disk on the node/,
    ],
    [
      'ended, with nothing but its container to say why',
      {
        phase: 'Failed',
        containerStatuses: [status({ name: 'server', state: { terminated: { exitCode: 137, reason: 'OOMKilled' } } })],
      },
      { kind: 'ended', container: 'server', says: 'exit code 137 (OOMKilled)' },
      /more memory/,
    ],
    [
      'a limit of pulls',
      {
        containerStatuses: [
          status({
            name: 'server',
            state: {
              waiting: { reason: 'ErrImagePull', message: '429 Too Many Requests - Server message: toomanyrequests' },
            },
          }),
        ],
      },
      { kind: 'image', container: 'server' },
      /docker login/,
    ],
    [
      'another processor',
      { containerStatuses: [status({ name: 'server', ...crashing(255, 'exec /usr/bin/fortio: exec format error') })] },
      {
        kind: 'crash',
        container: 'server',
        says: expect.stringMatching(/255 \(Error\): exec .*fortio: exec format error$/),
      },
      /another processor/,
    ],
    [
      'rules that the kernel refuses',
      {
        initContainerStatuses: [
          status({ name: 'linkerd-init', ...crashing(1, 'iptables v1.8.10 (nf_tables):  RULE_APPEND failed') }),
        ],
      },
      { kind: 'crash', container: 'linkerd-init', says: expect.stringContaining('RULE_APPEND failed') },
      /doctor.*modules/,
    ],
    [
      'a native sidecar that does not get ready, which the others wait for',
      {
        initContainerStatuses: [
          status({ name: 'istio-proxy', started: false, state: { running: { startedAt: '2026-11-27T10:00:00Z' } } }),
        ],
        containerStatuses: [status({ name: 'server', state: { waiting: { reason: 'PodInitializing' } } })],
      },
      {
        kind: 'waiting',
        container: 'istio-proxy',
        says: expect.stringMatching(/startup probe.*wait for it/),
        runs: true,
      },
      /log/,
    ],
    [
      'an init container that goes on and on',
      {
        initContainerStatuses: [status({ name: 'istio-validation', state: { running: {} } })],
        containerStatuses: [status({ name: 'server', state: { waiting: { reason: 'PodInitializing' } } })],
      },
      { kind: 'waiting', container: 'istio-validation', says: expect.stringContaining('has not ended yet') },
      /log/,
    ],
    [
      'a readiness probe that fails, after a kill',
      {
        containerStatuses: [
          status({
            name: 'server',
            ...{ started: true, restartCount: 1, state: { running: {} } },
            lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } },
          }),
        ],
      },
      {
        container: 'server',
        says: 'it runs, and its readiness probe fails; before, it ended with exit code 137 (OOMKilled)',
      },
      /more memory/,
    ],
    [
      'no network for the pod',
      { containerStatuses: [status({ name: 'server', state: { waiting: { reason: 'ContainerCreating' } } })] },
      { kind: 'waiting', says: 'containers with unready status: [server]' },
      undefined,
    ],
  ])('%s', (_, about, trouble, wanted) => {
    const found = podTrouble(podIn(about))
    expect(found).toMatchObject(trouble)
    const remedy = remedyFor(found, found?.says ?? '')
    if (wanted) expect(remedy).toMatch(wanted)
    else expect(remedy).toBeUndefined()
  })

  it('is no trouble any more once the pod is ready', () => {
    const restarted = status({ name: 'server', restartCount: 1, ready: true, state: { running: {} } })
    expect(
      podTrouble(podIn({ conditions: [{ type: 'Ready', status: 'True' }], containerStatuses: [restarted] })),
    ).toBeUndefined()
  })

  it.each([
    ['FailedCreatePodSandBox: plugin type="istio-cni" failed (add): no such file', /CNI/],
    ['0/3 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/disk-pressure: }', /Free disk/],
    ['Internal error occurred: failed calling webhook "rev.namespace.sidecar-injector.istio.io"', /control plane/],
    ['MountVolume.SetUp failed for volume "config": configmap "nope" not found', /not there/],
    ['Failed to create an inotify watch: too many open files', /inotify/],
    ['tls: failed to verify certificate: x509: certificate signed by unknown authority', /authority/],
    ['it does not exist; there is istiod-canary', /another name/],
  ])('%s has a remedy', (words, remedy) => expect(remedyFor({ kind: 'waiting', says: words }, words)).toMatch(remedy))
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
