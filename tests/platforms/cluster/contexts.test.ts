import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Arm } from '../../../src/model/scenario.ts'
import { makePlan } from '../../../src/plan/make-plan.ts'
import { cluster } from '../../../src/platforms/cluster/cluster-platform.ts'
import { refuseOneCluster, standingsOf } from '../../../src/platforms/cluster/standings.ts'
import { usedContexts } from '../../../src/platforms/cluster/used-contexts.ts'
import { PUBLIC_SITE } from '../../../src/site/read-site.ts'
import { none, scenarioOf } from '../../build/scenario.ts'
import { testFolder } from '../../temporary-folder.ts'

const mesh: Arm = { name: 'mesh', mesh: 'istio-sidecar' }

/** An API server with so many nodes, which knows the namespace kube-system by this identity. */
async function apiServer(uid: string, nodes: number): Promise<string> {
  const answers: Readonly<Record<string, unknown>> = {
    '/api/v1': {
      resources: [
        { name: 'nodes', kind: 'Node', namespaced: false },
        { name: 'namespaces', kind: 'Namespace', namespaced: false },
      ],
    },
    '/api/v1/nodes': { items: Array.from({ length: nodes }, (_, index) => ({ metadata: { name: `n${index}` } })) },
    '/api/v1/namespaces/kube-system': { metadata: { name: 'kube-system', uid } },
  }
  const server = createServer((request, response) => {
    const answer = answers[(request.url ?? '').split('?')[0] ?? '']
    response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? {}))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A kubeconfig with a context for each server. */
function kubeconfigOf(servers: Readonly<Record<string, string>>): string {
  const file = join(testFolder(), 'kubeconfig')
  const named = Object.entries(servers)
  const config = {
    clusters: named.map(([name, server]) => ({ name, cluster: { server, 'insecure-skip-tls-verify': true } })),
    users: [{ name: 'u', user: { token: 't' } }],
    contexts: named.map(([name]) => ({ name, context: { cluster: name, user: 'u' } })),
    'current-context': named[0]?.[0],
  }
  writeFileSync(file, JSON.stringify(config))
  return file
}

const planOf = (arms: readonly Arm[], context?: string) =>
  makePlan(
    scenarioOf({ platform: 'cluster', cohorts: 1, arms, ...(context !== undefined && { cluster: { context } }) }),
  )

describe('arms in several contexts', () => {
  it('stand where each says, or else where the scenario does', async () => {
    const kubeconfig = kubeconfigOf({ east: 'https://east', west: 'https://west' })
    const plan = planOf([none, { ...mesh, context: 'west' }, { ...none, name: 'again' }], 'east')
    const found = await standingsOf(plan, kubeconfig)
    expect(found.map(({ context, plan }) => [context.name, plan.scenario.arms.map(({ name }) => name)])).toEqual([
      ['east', ['none', 'again']],
      ['west', ['mesh']],
    ])
    expect(found[1]?.plan.cohorts).toBe(plan.cohorts)
  })

  it('never stand in the current context unasked, also where others name one', async () => {
    const kubeconfig = kubeconfigOf({ east: 'https://east' })
    const refused = standingsOf(planOf([none, { ...mesh, context: 'east' }]), kubeconfig)
    await expect(refused).rejects.toMatchObject({ code: 'usage', remedy: expect.stringContaining('east (current)') })
  })

  it('ask for consent to each cluster, with its server, its nodes and its arms', async () => {
    const [east, west] = [await apiServer('a', 3), await apiServer('b', 5)]
    const kubeconfig = kubeconfigOf({ east, west })
    const platform = cluster({ site: PUBLIC_SITE, kubeconfig })
    const asked = await platform.consent?.(planOf([none, { ...mesh, context: 'west' }], 'east'))
    expect(asked?.split('\n')).toEqual([
      `meshbench makes namespaces in the cluster of context east (${east}, 3 nodes) for none, puts load on it, and removes them afterwards.`,
      `meshbench installs the control planes of its meshes, and makes namespaces in the cluster of context west (${west}, 5 nodes) for mesh, puts load on it, and removes them afterwards.`,
    ])
  })

  it('are refused where two contexts are of one cluster, whatever its address', async () => {
    const kubeconfig = kubeconfigOf({ east: await apiServer('same', 3), inside: await apiServer('same', 3) })
    const plan = planOf([none, { ...mesh, context: 'inside' }], 'east')
    await expect(standingsOf(plan, kubeconfig).then(refuseOneCluster)).rejects.toMatchObject({
      code: 'usage',
      message: 'the contexts east and inside are of one cluster',
    })
    const others = kubeconfigOf({ east: await apiServer('one', 3), inside: await apiServer('other', 3) })
    await refuseOneCluster(await standingsOf(plan, others))
  })

  it('are told of before anything runs: a comparison across clusters is confounded', async () => {
    const platform = cluster({ site: PUBLIC_SITE })
    const plan = planOf([none, { ...mesh, context: 'west' }], 'east')
    expect(await platform.review?.(plan)).toMatchObject([
      { severity: 'warning', message: 'arms stand in 2 clusters: none in east; mesh in west' },
    ])
    expect(await platform.review?.(planOf([none, mesh], 'east'))).toEqual([])
  })

  it('are checked in each cluster, and findings name its context', async () => {
    const kubeconfig = kubeconfigOf({ east: await apiServer('a', 2), west: await apiServer('b', 2) })
    const platform = cluster({ site: PUBLIC_SITE, kubeconfig })
    const found = await platform.check(planOf([none, { ...none, name: 'again', context: 'west' }], 'east'))
    for (const name of ['east', 'west']) {
      expect(found.filter(({ message }) => message.includes(`context ${name}`))).not.toHaveLength(0)
    }
  })
})

describe('contexts that runs have used', () => {
  it('are forgotten where their kubeconfig does not have them any more, and kept where it cannot be read', async () => {
    const kubeconfig = kubeconfigOf({ east: 'http://127.0.0.1:9' })
    const damaged = join(testFolder(), 'damaged')
    writeFileSync(damaged, '{')
    const used = usedContexts(testFolder())
    await used.add({ context: 'gone', kubeconfig })
    await used.add({ context: 'west', kubeconfig: damaged })
    const left = await used.leftovers(PUBLIC_SITE)
    const outcomes = await Promise.allSettled(left.map(({ remove }) => remove()))
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(left.map(({ what }) => what)).toContainEqual(
      expect.stringContaining('clean --context gone --kubeconfig FILE'),
    )
    expect(await used.all()).toMatchObject([{ context: 'west' }])
  })

  it('are kept where only another kubeconfig lacks them', async () => {
    const used = usedContexts(testFolder())
    vi.stubEnv('KUBECONFIG', kubeconfigOf({ east: 'http://127.0.0.1:9' }))
    onTestFinished(() => void vi.unstubAllEnvs())
    await used.add({ context: 'east' })
    vi.stubEnv('KUBECONFIG', kubeconfigOf({ other: 'http://127.0.0.1:9' }))
    const [left] = await used.leftovers(PUBLIC_SITE)
    await expect(left?.remove()).rejects.toThrow('no context east')
    expect(await used.all()).toHaveLength(1)
  })
})
