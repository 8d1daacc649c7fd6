import { describe, expect, it } from 'vitest'
import type { NodeSnapshot } from '../../../../src/platforms/in-cluster/node-snapshot.ts'
import { accountBetween, containerIdOf } from '../../../../src/platforms/in-cluster/usage-between.ts'
import { captured, RULES, withNode } from './captured.ts'

const { before, after, pods } = captured('load')
const without = (drop: (path: string) => boolean) => (snapshot: NodeSnapshot) => ({
  ...snapshot,
  cgroups: new Map([...snapshot.cgroups].filter(([path]) => !drop(path))),
})

describe('accountBetween', () => {
  it('finds what every node used in its innermost cgroups', () => {
    const [evidence] = accountBetween(before, after, pods, RULES)
    expect(evidence).toMatchObject({ name: 'cpu-account', holds: true })
    expect(evidence?.seen).toMatch(
      /^CPU found in cgroups: control 97\.2 % of 0\.959 s, client 98\.6 % .*, server 98\.7 %/,
    )
  })

  it('notices a container that vanished with its counters', () => {
    const lost = withNode(
      after,
      'server',
      without((path) => path.includes('7d00422c')),
    )
    expect(accountBetween(before, lost, pods, RULES)).toMatchObject([{ holds: false }])
  })

  it('notices a service that was not counted', () => {
    const lost = withNode(
      after,
      'client',
      without((path) => path.endsWith('containerd.service')),
    )
    const [evidence] = accountBetween(before, lost, pods, RULES)
    expect(evidence?.holds).toBe(false)
  })

  it('notices a component whose container has no counters', () => {
    const renamed = pods.map((pod) => ({
      ...pod,
      containers: pod.containers.map((one) => (one.name === 'server' ? { ...one, id: 'f'.repeat(64) } : one)),
    }))
    const [evidence] = accountBetween(before, after, renamed, RULES)
    expect(evidence?.holds).toBe(false)
    expect(evidence?.seen).toContain('without counters: bench/server/server')
  })

  it('claims nothing where services have no cgroups', () => {
    const podsOnly = (snapshot: NodeSnapshot) => without((path) => containerIdOf(path) === undefined)(snapshot)
    const all = (snapshots: typeof before) =>
      new Map([...snapshots].map(([node, snapshot]) => [node, podsOnly(snapshot)]))
    const [evidence] = accountBetween(all(before), all(after), pods, RULES)
    expect(evidence).not.toHaveProperty('holds')
    expect(evidence?.seen).toContain('its services have no cgroups')
  })

  it('does not hold where a container restarted', () => {
    const restart = captured('restart')
    expect(accountBetween(restart.before, restart.after, restart.pods, RULES)).toMatchObject([{ holds: false }])
  })
})

describe('containerIdOf', () => {
  const id = '0123456789abcdef'.repeat(4)
  it.each([
    `a/cri-containerd-${id}.scope`,
    `kubepods/besteffort/pod1-2/${id}`,
    `containerd://${id}`,
    `x:cri-containerd:${id}`,
    id,
  ])('reads %s', (text) => expect(containerIdOf(text)).toBe(id))
  it.each(['kubelet.slice/kubelet.service', `a/cri-containerd-${id}.scope/inner`, `${id}0`, ''])(
    'has none in %s',
    (text) => expect(containerIdOf(text)).toBeUndefined(),
  )
})
