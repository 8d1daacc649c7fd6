import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Event } from '../../src/model/event.ts'
import type { Installation } from '../../src/model/installation.ts'
import type { Plan } from '../../src/model/plan.ts'
import type { Platform, Step, Testbed } from '../../src/model/platform.ts'
import type { Result } from '../../src/model/result.ts'
import { records } from '../../src/platforms/kind/cluster/cluster-record.ts'
import { nodesOf } from '../../src/platforms/kind/cluster/nodes.ts'
import { docker } from '../../src/platforms/kind/docker.ts'
import { freeze, thaw } from '../../src/platforms/kind/freeze.ts'
import { kind } from '../../src/platforms/kind/kind.ts'
import { readSite } from '../../src/site/read-site.ts'
import { opened } from '../platforms/opened.ts'
import { minutes, OWN, onClusters, planOf, removeClusters, resultsOf } from './clusters.ts'

const RUN = `2026-01-01T0000-test-t${OWN}`
/** The run after it, which takes over what RUN has kept. */
const NEXT = `2026-01-01T0001-test-n${OWN}`
const { signal } = new AbortController()

const TEXT = `
name: cluster-test
platform: kind
blocks: 2
arms: [none, istio-sidecar]
loads: [{ name: http, rate: 100/s, connections: 4, payload: 1KiB, warmup: 1s, duration: 4s }]
`

/** By arm, and by block where it is not the first. */
function nameOf({ trial: { arm, block } }: Result): string {
  return block === 1 ? arm : `${arm} ${block}`
}

describe(...onClusters('real clusters'), () => {
  let plan: Plan
  let platform: Platform
  let testbed: Testbed
  let installed: Installation[] = []
  const dockerHere = docker()

  /** Trials by arm and block, on clusters that stay. */
  async function measure(
    arms: readonly string[],
    { blocks = [1], on = () => {} }: { blocks?: readonly number[]; on?: (event: Event) => void } = {},
  ): Promise<Map<string, Result>> {
    const [cohort] = plan.cohorts
    const chosen = (cohort?.blocks ?? [])
      .filter(({ block }) => blocks.includes(block))
      .map((block) => ({ ...block, visits: block.visits.filter(({ arm }) => arms.includes(arm)) }))
    const part = { ...plan, cohorts: [{ cohort: 1, blocks: chosen }] }
    const borrowed: Platform = {
      ...platform,
      async *open() {
        yield { title: 'the clusters stand already' }
        return { ...testbed, [Symbol.asyncDispose]: async () => {} }
      },
    }
    const results = await resultsOf(borrowed, part, { id: RUN, signal, on })
    return new Map(results.map((result) => [nameOf(result), result]))
  }

  /** The clusters of a plan, with what was said on the way. */
  async function open(of: Plan, id: string): Promise<{ bed: Testbed; steps: Step[] }> {
    const [cohort] = of.cohorts
    if (!cohort) throw new Error('an empty plan')
    const opening = platform.open(of, cohort, { id }, signal)
    const steps: Step[] = []
    for (;;) {
      const next = await opening.next()
      if (next.done) return { bed: next.value, steps }
      steps.push(next.value)
    }
  }

  beforeAll(async () => {
    plan = planOf(TEXT)
    platform = kind({ site: await readSite(undefined, process.env), keep: true })
    await opened(platform.prepare(plan, signal))
    const { bed, steps } = await open(plan, RUN)
    testbed = bed
    installed = steps.flatMap(({ installation }) => installation ?? [])
  }, minutes(12))

  afterAll(async () => {
    await testbed?.[Symbol.asyncDispose]()
    await removeClusters(platform, [RUN, NEXT])
  }, minutes(3))

  it('say what was installed in them, without keys', () => {
    expect(installed.map(({ arm }) => arm).toSorted()).toEqual(['istio-sidecar', 'none'])
    const istio = installed.find(({ arm }) => arm === 'istio-sidecar')
    const istiod = istio?.parts.find(({ title }) => title === 'istiod')
    expect(istiod?.chart?.sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(istiod?.values).toMatchObject({ meshConfig: { enableTracing: false } })
    expect(istiod?.rendered?.map(({ kind }) => kind)).toContain('Deployment')
    expect(JSON.stringify(istio)).not.toContain('PRIVATE KEY')
  })

  it('are frozen from the start, and say whose they are', async () => {
    expect(await states()).toEqual(Array.from({ length: 6 }, () => 'paused'))
    const left = (await platform.leftovers()).filter(({ run }) => run === RUN)
    expect(left.map(({ alive }) => alive)).toEqual([true, true, true])
  })

  it('are measured: thawed, valid by what the harness answers for, and frozen again', {
    timeout: minutes(6),
  }, async () => {
    const results = await measure(['none', 'istio-sidecar'])
    for (const arm of ['none', 'istio-sidecar']) {
      const { outcome } = results.get(arm) as Result
      if (outcome.status !== 'measured') throw new Error(JSON.stringify(outcome.failure))
      const { reading } = outcome
      // On a machine that others use some may never be sent; the rules judge that.
      expect(reading.requests).toBeGreaterThan(360)
      const { evidence, usage, carried } = reading.observation
      expect(evidence.filter(({ holds }) => holds === false)).toEqual([])
      expect(evidence.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['placement', 'cpu-account', 'workload-image']),
      )
      const byRole = Object.groupBy(usage, ({ role }) => role)
      expect(byRole.application?.[0]?.cpuSeconds).toBeGreaterThan(0)
      expect(byRole.node).toHaveLength(2)
      expect(byRole.cluster?.map(({ component }) => component)).toEqual(['node-control'])
      expect(evidence.find(({ name }) => name === 'cluster')?.seen).toMatch(/^meshbench-.*, made 20/)
      if (arm === 'none') expect(carried).toBeUndefined()
      else {
        expect(evidence.find(({ name }) => name === 'mtls')).toMatchObject({ holds: true })
        expect(carried?.requests).toBeGreaterThanOrEqual(reading.requests)
        for (const role of ['client-proxy', 'server-proxy', 'control-plane'] as const) {
          expect(byRole[role]?.[0]?.cpuSeconds).toBeGreaterThan(0)
        }
      }
    }
    expect(await states()).toEqual(Array.from({ length: 6 }, () => 'paused'))
  })

  it('whose pods were not injected are not measured, with the reason', { timeout: minutes(4) }, async () => {
    await onCluster('istio-sidecar', ['label', 'namespace', 'bench', 'istio-injection-'])
    const { outcome } = (await measure(['istio-sidecar'])).get('istio-sidecar') as Result
    await onCluster('istio-sidecar', ['label', 'namespace', 'bench', 'istio-injection=enabled'])
    // A probe through STRICT mutual TLS may fail before anybody looks at the pods: the arm is never taken for measured.
    if (outcome.status === 'measured') throw new Error('it was measured')
    expect(outcome.failure.code).toMatch(/not-enrolled|no-answer/)
    if (outcome.failure.code === 'not-enrolled') expect(outcome.failure.cause).toContain('no proxy')
  })

  it('whose cluster DNS does not come up fail their own trial, and say why', { timeout: minutes(5) }, async () => {
    const values = await onCluster('none', ['-n', 'kube-system', 'get', 'deployment', 'coredns', '-o', 'json'])
    const { metadata, spec } = JSON.parse(values)
    spec.template.spec.containers[0].image = 'meshbench.invalid/none:1'
    const { name, namespace, labels } = metadata
    const broken = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace, labels }, spec }
    // Made anew, since pods of its last version would go on answering.
    await onCluster('none', ['replace', '--force', '-f', '-'], JSON.stringify(broken))
    const { outcome } = (await measure(['none'])).get('none') as Result
    await onCluster('none', ['replace', '--force', '-f', '-'], values)
    if (outcome.status !== 'failed') throw new Error('it was measured')
    expect(outcome.failure.message).toContain('coredns')
    expect(JSON.stringify(outcome.failure)).toMatch(/image|pull/i)
  })

  it.each([
    ['cannot be had', 'meshbench.invalid/none:1', /image|pull/i],
    // An image that is in the nodes, whose program knows nothing of a proxy's arguments and ends.
    ['ends again and again', 'fortio/fortio:1.68.0', /was started \d+ times and ended each time/],
  ])('whose proxy %s fail their own trial, and say why', { timeout: minutes(5) }, async (_, image, why) => {
    const injector = ['-n', 'istio-system', 'configmap', 'istio-sidecar-injector']
    const values = await onCluster('istio-sidecar', ['get', ...injector, '-o', 'json'])
    const broken = values.replaceAll('\\"image\\": \\"proxyv2\\"', `\\"image\\": \\"${image}\\"`)
    expect(broken).not.toBe(values)
    await onCluster('istio-sidecar', ['replace', '-f', '-'], broken)
    await new Promise((done) => setTimeout(done, 3000))
    const { outcome } = (await measure(['istio-sidecar'])).get('istio-sidecar') as Result
    await onCluster('istio-sidecar', ['replace', '--force', '-f', '-'], values)
    if (outcome.status !== 'failed') throw new Error('it was measured')
    expect(JSON.stringify(outcome.failure)).toMatch(why)
  })

  it('whose node dies in mid-trial fail that trial, and are made anew for the next visit', {
    timeout: minutes(8),
  }, async () => {
    const [, , server = ''] = await nodesOfArm('none')
    let killed: Promise<unknown> | undefined
    const results = await measure(['none'], {
      blocks: [1, 2],
      on: (event) => {
        if (event.type !== 'phase' || event.phase !== 'measure') return
        killed ??= new Promise((done) => setTimeout(done, 1000)).then(() => execa('docker', ['kill', server]))
      },
    })
    await killed
    expect(results.get('none')?.outcome.status).toBe('failed')
    const { outcome } = results.get('none 2') as Result
    if (outcome.status !== 'measured') throw new Error(JSON.stringify(outcome.failure))
    expect(outcome.reading.requests).toBeGreaterThan(360)
  })

  it('are kept for the next run, which takes over those very ones, thaws and measures them', {
    timeout: minutes(6),
  }, async () => {
    const before = (await records().all()).filter((record) => record.run === RUN)
    await testbed[Symbol.asyncDispose]()
    expect(await states()).toEqual(Array.from({ length: 6 }, () => 'paused'))
    const kept = (await platform.leftovers()).filter(({ spared }) => spared === 'kept')
    expect(kept.filter(({ run }) => run === RUN)).toHaveLength(2)
    const began = performance.now()
    const { bed, steps } = await open(plan, NEXT)
    console.log(`two kept clusters were taken over in ${Math.round((performance.now() - began) / 1000)} s`)
    testbed = bed
    expect(steps.filter(({ title }) => title.startsWith('reusing'))).toHaveLength(2)
    const after = (await records().all()).filter((record) => record.run === NEXT)
    expect(after.map(({ cluster, made }) => [cluster, made]).toSorted()).toEqual(
      before.map(({ cluster, made }) => [cluster, made]).toSorted(),
    )
    const { outcome } = (await measure(['istio-sidecar'])).get('istio-sidecar') as Result
    if (outcome.status !== 'measured') throw new Error(JSON.stringify(outcome.failure))
    const { evidence } = outcome.reading.observation
    expect(evidence.find(({ name }) => name === 'cluster')?.seen).toContain(`kept from run ${RUN}`)
    const namespace = await onCluster('istio-sidecar', ['get', 'namespace', 'bench', '--show-labels'], undefined, NEXT)
    expect(namespace).toContain(`meshbench.io/run=${NEXT}`)
  })

  it('of the profile `defaults` are others, and are measured as well', { timeout: minutes(6) }, async () => {
    const { scenario } = planOf(`${TEXT}profile: defaults\n`)
    const [cohort] = plan.cohorts
    const blocks = cohort?.blocks.map((block) => ({
      ...block,
      visits: block.visits.filter(({ arm }) => arm === 'istio-sidecar'),
    }))
    await testbed[Symbol.asyncDispose]()
    plan = { ...plan, scenario, cohorts: [{ cohort: 1, blocks: blocks ?? [] }] }
    const { bed, steps } = await open(plan, NEXT)
    testbed = bed
    expect(steps.some(({ title }) => title.startsWith('reusing'))).toBe(false)
    const { outcome } = (await measure(['istio-sidecar'])).get('istio-sidecar') as Result
    if (outcome.status !== 'measured') throw new Error(JSON.stringify(outcome.failure))
    const { evidence } = outcome.reading.observation
    expect(evidence.filter(({ holds }) => holds === false)).toEqual([])
    expect(evidence.find(({ name }) => name === 'limits')).not.toHaveProperty('holds')
  })

  it('of `isolation: shared` are one, in which arms are measured in turn', { timeout: minutes(6) }, async () => {
    await testbed[Symbol.asyncDispose]()
    testbed = { ...testbed, [Symbol.asyncDispose]: async () => {} }
    const own = kind({ site: await readSite(undefined, process.env), keep: false })
    const shared = planOf(`${TEXT}isolation: shared\n`)
    const id = `2026-01-01T0002-test-s${OWN}`
    const standing: number[] = []
    const on = async () => void standing.push((await nodesOfArm(undefined, id)).length)
    await opened(own.prepare(shared, signal))
    const results = await resultsOf(own, shared, { id, signal, on })
    expect(results.map(nameOf).toSorted()).toEqual(['istio-sidecar', 'istio-sidecar 2', 'none', 'none 2'])
    expect(Math.max(...standing)).toBe(3)
    for (const { outcome, trial } of results) {
      if (outcome.status !== 'measured') throw new Error(JSON.stringify(outcome.failure))
      const { evidence, usage } = outcome.reading.observation
      expect(evidence.filter(({ holds }) => holds === false)).toEqual([])
      expect(evidence.find(({ name }) => name === 'isolation')?.seen).toMatch(/^shared: one cluster for 2 arms/)
      // The idle control plane of the other arm is in nobody's bill.
      expect(usage.some(({ role }) => role === 'control-plane')).toBe(trial.arm === 'istio-sidecar')
    }
    expect(await nodesOfArm(undefined, id)).toEqual([])
  })

  /** The nodes of an arm's cluster, or of all clusters of this run: control plane, client, server. */
  async function nodesOfArm(arm?: string, id = RUN): Promise<string[]> {
    const own = (await records().all()).filter((record) => record.run === id && (!arm || record.arm === arm))
    return own.flatMap(({ cluster }) => Object.values(nodesOf(cluster)))
  }

  async function states(): Promise<string[]> {
    return (await dockerHere.inspect(await nodesOfArm())).map(({ state }) => state)
  }

  /** Changes an arm's cluster behind the harness's back: while it is thawed, then frozen again, as often as runc needs. */
  async function onCluster(arm: string, argv: readonly string[], input?: string, id = RUN): Promise<string> {
    const record = (await records().all()).find((one) => one.run === id && one.arm === arm)
    if (record === undefined) throw new Error(`no cluster of ${arm}`)
    const nodes = nodesOf(record.cluster)
    const context = { docker: dockerHere }
    await thaw({ nodes }, context)
    const kubectl = ['kubectl', '--kubeconfig', '/etc/kubernetes/admin.conf', ...argv]
    try {
      return await dockerHere.exec(nodes.control, kubectl, input === undefined ? {} : { input })
    } finally {
      await freeze({ nodes }, context)
    }
  }
})
