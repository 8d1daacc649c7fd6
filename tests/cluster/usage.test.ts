import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Cluster } from '../../src/kubernetes/cluster.ts'
import { connect } from '../../src/kubernetes/connect.ts'
import { podFacts } from '../../src/kubernetes/pods.ts'
import { parseSnapshot, snapshotScript } from '../../src/platforms/in-cluster/node-snapshot.ts'
import { accountBetween, usageBetween } from '../../src/platforms/in-cluster/usage-between.ts'
import { readSite } from '../../src/site/read-site.ts'
import { locate } from '../../src/tools/locate.ts'
import { sharedFolder } from '../temporary-folder.ts'

const WANTED = process.env['MESHBENCH_CLUSTER_TESTS'] === '1'
const NAME = `meshbench-usage-${process.pid}`
const NODE = `${NAME}-control-plane`
const RULES = [{ component: 'burner', role: 'generator' as const, namespace: 'default', labels: { app: 'burner' } }]
const BURNER = { namespace: 'default', pod: 'burner', container: 'sh' }
/** About a second of one core, and what the shell itself has used by then. */
const BURN = ['sh', '-c', 'i=0; while [ $i -lt 800000 ]; do i=$((i+1)); done; times']

describe.skipIf(!WANTED)(`CPU of a real node${WANTED ? '' : ' (skipped: MESHBENCH_CLUSTER_TESTS is not 1)'}`, () => {
  const { signal } = new AbortController()
  let dir = ''
  let kind = ''
  let cluster: Cluster

  beforeAll(async () => {
    dir = sharedFolder()
    kind = (await locate('kind'))?.path ?? 'kind'
    const { kind: nodes, images } = await readSite(undefined, process.env)
    const kubeconfig = join(dir, 'kubeconfig')
    const create = ['create', 'cluster', '--name', NAME, '--image', nodes.nodeImage, '--kubeconfig', kubeconfig]
    await execa(kind, [...create, '--wait', '120s'])
    await execa(kind, ['load', 'docker-image', images.busybox, '--name', NAME])
    cluster = await connect(readFileSync(kubeconfig, 'utf8'))
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'burner', namespace: 'default', labels: { app: 'burner' } },
      spec: { containers: [{ name: 'sh', image: images.busybox, command: ['sleep', '3600'] }] },
    }
    await cluster.apply([pod], signal)
    await cluster.untilReady([{ kind: 'Pod', namespace: 'default', name: 'burner' }], 120, signal)
  }, 600_000)

  afterAll(async () => {
    await cluster?.close()
    await execa(kind, ['delete', 'cluster', '--name', NAME, '--kubeconfig', join(dir, 'kubeconfig')])
  }, 120_000)

  const snapshot = async () => {
    const { stdout } = await execa('docker', ['exec', NODE, 'sh', '-c', snapshotScript])
    return new Map([['client', parseSnapshot(stdout, NODE)] as const])
  }
  const facts = async () => podFacts(await cluster.pods(), () => 'client')

  it('agrees within 3 % with what an exec’d busy loop says of itself', async () => {
    const before = await snapshot()
    const { stdout } = await cluster.exec({ ...BURNER, command: BURN }, signal)
    const after = await snapshot()
    const pods = await facts()
    const burner = usageBetween(before, after, pods, RULES).find(({ component }) => component === 'burner')
    const own = [...(stdout.split('\n')[0] ?? '').matchAll(/(\d+)m([\d.]+)s/g)].reduce(
      (sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds),
      0,
    )
    expect(own).toBeGreaterThan(0.3)
    expect(Math.abs((burner?.cpuSeconds ?? 0) / own - 1)).toBeLessThan(0.03)
    expect(accountBetween(before, after, pods, RULES)).toMatchObject([{ holds: true }])
  })

  it('accounts for an idle node, where the readings themselves weigh most', async () => {
    const before = await snapshot()
    await setTimeout(2000)
    const after = await snapshot()
    expect(accountBetween(before, after, await facts(), RULES)).toMatchObject([{ holds: true }])
  })
})
