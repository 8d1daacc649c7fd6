import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { ownIdentity } from '../../../src/host/processes.ts'
import { clusterLeftovers } from '../../../src/platforms/kind/cluster/cluster-leftovers.ts'
import { type ClusterRecord, type Records, records } from '../../../src/platforms/kind/cluster/cluster-record.ts'
import {
  clusterName,
  createCluster,
  kindConfig,
  kubeconfigOf,
} from '../../../src/platforms/kind/cluster/create-cluster.ts'
import { NETWORK, network } from '../../../src/platforms/kind/cluster/network.ts'
import { CLUSTER_LABEL, cpuCount, cpuSetsOf, nodesOf, partOf } from '../../../src/platforms/kind/cluster/nodes.ts'
import { runId } from '../../../src/store/find-run.ts'
import { testFolder } from '../../temporary-folder.ts'
import { type FakeDocker, fakeDocker } from './fake-docker.ts'

let dir: string
let kept: Records
beforeEach(async () => {
  dir = testFolder()
  kept = records(dir)
})

const record = (cluster: string, more: Partial<ClusterRecord> = {}): ClusterRecord => ({
  ...{ cluster, run: 'a-run', arm: 'none', key: 'abc', owner: ownIdentity(), kept: false },
  ...more,
})

describe('kind', () => {
  const signal = new AbortController().signal
  /** A kind that writes down its environment and does as the script says. */
  async function stubKind(script: string) {
    const path = join(dir, 'kind')
    await writeFile(path, `#!/bin/sh\n/usr/bin/env | /usr/bin/sort > '${dir}/environment'\n${script}\n`)
    await chmod(path, 0o755)
    return { name: 'kind', path, provenance: { name: 'kind', version: '0.33.0', origin: 'path' } } as const
  }
  const env = {
    KIND_EXPERIMENTAL_PROVIDER: 'podman',
    KIND_CLUSTER_NAME: 'mine',
    KIND_EXPERIMENTAL_CONTAINERD_SNAPSHOTTER: 'zfs',
    DOCKER_DEFAULT_PLATFORM: 'linux/amd64',
    DOCKER_HOST: 'unix:///mine.sock',
    HTTPS_PROXY: 'http://proxy.corp.example:3128',
  }
  const about = { name: 'x', nodeImage: 'kindest/node:v1.35.8', kubeconfig: '/tmp/none', env }
  const ours = [
    'DOCKER_HOST=unix:///mine.sock',
    'HTTPS_PROXY=http://proxy.corp.example:3128',
    `KIND_EXPERIMENTAL_DOCKER_NETWORK=${NETWORK}`,
    'KIND_EXPERIMENTAL_PROVIDER=docker',
  ]
  const given = async () =>
    (await readFile(join(dir, 'environment'), 'utf8')).split('\n').filter((line) => /^(KIND|DOCKER|HTTPS)_/.test(line))

  it('is run with Docker, whatever the user has set for kind, for making clusters and for asking for them', async () => {
    const kind = await stubKind('echo config')
    await createCluster(kind, about, signal)
    expect(await given()).toEqual(ours)
    await rm(join(dir, 'environment'))
    expect(await kubeconfigOf(kind, 'x', env, signal)).toBe('config')
    expect(await given()).toEqual(ours)
  })

  it('has no network, and is not waited for, where the mesh is its network', async () => {
    const kind = await stubKind(`echo "$@" > ${join(dir, 'argv')}`)
    const kubeconfig = join(dir, 'kubeconfig')
    await createCluster(kind, { ...about, isNetwork: true, kubeconfig }, signal)
    expect(await readFile(join(dir, 'argv'), 'utf8')).toContain('--wait 0s')
    const { networking, ...rest } = parse(await readFile(`${kubeconfig}.kind.yaml`, 'utf8'))
    expect(networking).toEqual({ disableDefaultCNI: true })
    expect(rest).toEqual(parse(kindConfig()))
  })

  it('says in one line why it fails', async () => {
    const kind = await stubKind('echo "some text"; echo "ERROR: unknown cluster \\"x\\"" >&2; exit 1')
    await expect(kubeconfigOf(kind, 'x', env, signal)).rejects.toThrow(/^ERROR: unknown cluster "x"$/)
    await expect(createCluster(kind, about, signal)).rejects.toMatchObject({ why: 'ERROR: unknown cluster "x"' })
  })
})

describe('the name of a cluster', () => {
  it('is short enough for the name of a node, whatever the run is called', () => {
    const run = runId(new Date('2026-11-22T10:34:00Z'), 'a scenario with a very, very long name indeed', () => 0.5)
    const name = clusterName(run, 12, 34)
    expect(name).toBe('meshbench-1122t1034-i000-c12-34')
    expect(Math.max(...Object.values(nodesOf(name)).map((node) => node.length))).toBeLessThanOrEqual(63)
  })

  it('differs between runs, cohorts and arms', () => {
    const names = ['2026-11-22T1034-x-aaaa', '2026-11-22T1034-x-bbbb'].flatMap((run) =>
      [1, 2].flatMap((cohort) => [1, 2].map((index) => clusterName(run, cohort, index))),
    )
    expect(new Set(names).size).toBe(8)
  })

  it("tells a node's part", () => {
    expect(Object.entries(nodesOf('c')).map(([part, node]) => [part, partOf('c', node)])).toEqual([
      ['control', 'control'],
      ['client', 'client'],
      ['server', 'server'],
    ])
    expect(partOf('c', 'other-worker')).toBeUndefined()
  })
})

describe('CPU sets', () => {
  it('are left alone where there are too few cores', () => {
    expect(cpuSetsOf(2)).toBeUndefined()
    expect(cpuSetsOf(3)).toBeUndefined()
  })

  it('give the client two at least: one for the generator and one for its proxy', () => {
    expect(cpuSetsOf(4)).toEqual({ control: '0', client: '1-2', server: '3' })
    expect(cpuSetsOf(8)).toEqual({ control: '0-1', client: '2-4', server: '5-7' })
  })

  it.each([4, 5, 6, 8, 13, 64])('give every core of %i to one part', (cores) => {
    const given = Object.values(cpuSetsOf(cores) ?? {}).flatMap((set) => {
      const [from = 0, to = from] = set.split('-').map(Number)
      return Array.from({ length: to - from + 1 }, (_, index) => from + index)
    })
    expect(Object.values(cpuSetsOf(cores) ?? {}).reduce((sum, set) => sum + cpuCount(set), 0)).toBe(cores)
    expect(given.toSorted((a, b) => a - b)).toEqual(Array.from({ length: cores }, (_, core) => core))
  })
})

describe('what is left behind', () => {
  const node = (cluster: string, name = `${cluster}-control-plane`) => ({ name, labels: { [CLUSTER_LABEL]: cluster } })

  const find = (docker: FakeDocker) => clusterLeftovers(docker, kept, network(dir))

  it('is not what only has our name: that is told, and spared', async () => {
    const docker = fakeDocker({
      containers: [node('meshbench-a'), node('meshbench-a', 'x'), node('kind'), node('mesh')],
    })
    expect(await find(docker)).toMatchObject([
      { what: 'cluster meshbench-a, which has no record here', alive: false, spared: 'unrecorded' },
    ])
  })

  it('is alive while its run goes on, and spared when it was kept', async () => {
    const gone = { pid: 2 ** 30, start: '1' }
    await kept.write(record('meshbench-going'))
    await kept.write(record('meshbench-dead', { owner: gone }))
    await kept.write(record('meshbench-kept', { owner: gone, kept: true }))
    const containers = ['meshbench-going', 'meshbench-dead', 'meshbench-kept'].map((name) => node(name))
    const found = await find(fakeDocker({ containers }))
    expect(Object.fromEntries(found.map(({ what, alive, spared }) => [what, spared ?? alive]))).toEqual({
      'cluster meshbench-going (arm none)': true,
      'cluster meshbench-dead (arm none)': false,
      'cluster meshbench-kept (arm none), kept for the next run': 'kept',
    })
  })

  it('goes with its volumes, its record, and the network that was made for it', async () => {
    await network(dir).expect(fakeDocker({ networks: ['bridge'] }))
    await kept.write(record('meshbench-dead', { owner: { pid: 2 ** 30, start: '1' } }))
    const docker = fakeDocker({
      containers: [{ ...node('meshbench-dead'), volumes: ['v1'] }],
      networks: [NETWORK, 'bridge'],
    })
    const [left] = await find(docker)
    await left?.remove()
    expect(docker.calls).toEqual([
      ['remove', ['meshbench-dead-control-plane']],
      ['removeVolumes', ['v1']],
      ['removeNetworks', [NETWORK]],
    ])
    expect(await readdir(dir)).toEqual([])
  })

  it('is never a network that was there before, idle or not', async () => {
    const docker = fakeDocker({ containers: [node('meshbench-dead')], networks: [NETWORK] })
    await network(dir).expect(docker)
    await kept.write(record('meshbench-dead', { owner: { pid: 2 ** 30, start: '1' } }))
    await (await find(docker))[0]?.remove()
    expect(docker.calls).toEqual([['remove', ['meshbench-dead-control-plane']]])
  })

  it('is also a record of a cluster that was never made', async () => {
    await kept.write(record('meshbench-early', { owner: { pid: 2 ** 30, start: '1' } }))
    const [left] = await find(fakeDocker({}))
    expect(left).toMatchObject({ what: 'cluster meshbench-early (arm none)', alive: false })
    await left?.remove()
    expect(await kept.all()).toEqual([])
  })

  it('is nothing where there is no Docker, unless we know of clusters', async () => {
    const none = fakeDocker({ broken: true })
    expect(await find(none)).toEqual([])
    await kept.write(record('meshbench-a'))
    await expect(find(none)).rejects.toThrow('no docker')
  })
})
