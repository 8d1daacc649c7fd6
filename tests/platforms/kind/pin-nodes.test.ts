import { describe, expect, it } from 'vitest'
import { nodesOf, pinNodes } from '../../../src/platforms/kind/cluster/nodes.ts'
import { fakeDocker } from './fake-docker.ts'

const nodes = nodesOf('c')
const containers = Object.values(nodes).map((name) => ({ name }))

describe('nodes', () => {
  it('get cores of their own where there are enough', async () => {
    const docker = fakeDocker({ containers, cores: 8 })
    expect(await pinNodes(nodes, docker)).toEqual({
      seen: 'pinned: control plane on CPU 0-1, client on 2-4, server on 5-7',
      cpus: { control: 2, client: 3, server: 3 },
    })
    await pinNodes(nodes, docker)
    expect(docker.calls).toHaveLength(3)
  })

  it('share all where there are too few', async () => {
    expect(await pinNodes(nodes, fakeDocker({ containers, cores: 2 }))).toEqual({
      seen: 'not pinned: 2 cores',
      cpus: { control: 2, client: 2, server: 2 },
    })
  })

  it('share all where Docker refuses, which is told and breaks nothing', async () => {
    const docker = fakeDocker({ containers, cores: 8 })
    docker.failing.set('pin', 'device or resource busy')
    expect(await pinNodes(nodes, docker)).toEqual({
      seen: 'not pinned (device or resource busy)',
      cpus: { control: 8, client: 8, server: 8 },
      refused: 'device or resource busy',
    })
  })
})
