import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loads as loadTools } from '../../src/loads/index.ts'
import type { Event } from '../../src/model/event.ts'
import type { Plan } from '../../src/model/plan.ts'
import type { Platform, Testbed } from '../../src/model/platform.ts'
import type { Result } from '../../src/model/result.ts'
import { makePlan } from '../../src/plan/make-plan.ts'
import { nodesOf } from '../../src/platforms/kind/cluster/nodes.ts'
import { records } from '../../src/platforms/kind/cluster/record.ts'
import { docker } from '../../src/platforms/kind/docker.ts'
import { kind } from '../../src/platforms/kind/kind.ts'
import { run } from '../../src/run/run.ts'
import { parseScenario } from '../../src/scenario/parse.ts'
import { readSite } from '../../src/site/read-site.ts'
import { opened } from '../platforms/opened.ts'

const WANTED = process.env['MESHBENCH_CLUSTER_TESTS'] === '1'
const RUN = `2026-01-01T0000-test-t${process.pid.toString(36).slice(-3)}`
const { signal } = new AbortController()
const minutes = (count: number) => count * 60_000

const TEXT = `
name: cluster-test
platform: kind
blocks: 1
arms: [none, istio-sidecar]
loads: [{ name: http, rate: 100/s, connections: 4, payload: 1KiB, warmup: 1s, duration: 4s }]
`

describe.skipIf(!WANTED)(`real clusters${WANTED ? '' : ' (skipped: MESHBENCH_CLUSTER_TESTS is not 1)'}`, () => {
  let plan: Plan
  let platform: Platform
  let testbed: Testbed
  const dockerHere = docker()

  /** The trials of the arms, on clusters that stay. */
  async function measure(arms: readonly string[]): Promise<Map<string, Result>> {
    const [cohort] = plan.cohorts
    const blocks = cohort?.blocks.map((block) => ({
      ...block,
      visits: block.visits.filter(({ arm }) => arms.includes(arm)),
    }))
    const borrowed: Platform = {
      ...platform,
      async *open() {
        yield { title: 'the clusters stand already' }
        return { ...testbed, [Symbol.asyncDispose]: async () => {} }
      },
    }
    const world = { platform: borrowed, loads: loadTools, identity: { id: RUN }, signal, now: () => Date.now() / 1000 }
    const results = new Map<string, Result>()
    for await (const event of run({ ...plan, cohorts: [{ cohort: 1, blocks: blocks ?? [] }] }, 0, world)) {
      await keep(event, results)
    }
    return results
  }

  beforeAll(async () => {
    const { scenario, problems } = parseScenario(TEXT, 'test.yaml')
    if (!scenario) throw new Error(JSON.stringify(problems))
    plan = makePlan(scenario)
    platform = kind({ site: await readSite(undefined, process.env), keep: false })
    await opened(platform.prepare(plan, signal))
    const [cohort] = plan.cohorts
    if (!cohort) throw new Error('an empty plan')
    testbed = await opened(platform.open(plan, cohort, { id: RUN }, signal))
  }, minutes(12))

  afterAll(async () => {
    await testbed?.[Symbol.asyncDispose]()
  }, minutes(3))

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
      expect(byRole.node).toHaveLength(3)
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

  it('whose proxy does not start fail their own trial, and say why', { timeout: minutes(4) }, async () => {
    const values = await onCluster('istio-sidecar', [
      '-n',
      'istio-system',
      'get',
      'configmap',
      'istio-sidecar-injector',
      '-o',
      'json',
    ])
    const broken = values.replaceAll(/istio\/proxyv2:lab|\\"image\\": \\"proxyv2\\"/g, (found) =>
      found.startsWith('istio') ? 'fortio/fortio:none' : '\\"image\\": \\"meshbench.invalid/none:1\\"',
    )
    expect(broken).not.toBe(values)
    await onCluster('istio-sidecar', ['replace', '-f', '-'], broken)
    await new Promise((done) => setTimeout(done, 3000))
    const { outcome } = (await measure(['istio-sidecar'])).get('istio-sidecar') as Result
    await onCluster('istio-sidecar', ['replace', '--force', '-f', '-'], values)
    if (outcome.status !== 'failed') throw new Error('it was measured')
    expect(JSON.stringify(outcome.failure)).toMatch(/image|pull/i)
  })

  it('whose node dies in mid-trial fail that trial, and are made anew', { timeout: minutes(8) }, async () => {
    const [, , server = ''] = await nodesOfArm('none')
    const raised = await opened(testbed.raise(armOf('none'), signal))
    const target = raised.target(plan.scenario.loads[0] as never)
    const argv = ['load', '-qps', '50', '-c', '2', '-t', '20s', '-quiet', '-json', '-', target]
    const broken = raised.exec({ program: 'fortio', argv, within: 40 }, signal).then(
      ({ exitCode, stdout }) => `${exitCode} ${/"RetCodes":\s*\{[^}]*\}/.exec(stdout)?.[0]}`,
      (error: Error) => error.message,
    )
    await new Promise((done) => setTimeout(done, 2000))
    await execa('docker', ['kill', server])
    expect(await broken).not.toMatch(/^0 "RetCodes":\s*\{\s*"200": 1000\s*\}/)
    await testbed.lower(armOf('none'))
    const { outcome } = (await measure(['none'])).get('none') as Result
    if (outcome.status !== 'measured') throw new Error(JSON.stringify(outcome.failure))
    expect(outcome.reading.requests).toBeGreaterThan(360)
  })

  const armOf = (name: string) =>
    plan.scenario.arms.find((arm) => arm.name === name) as Plan['scenario']['arms'][number]

  /** The nodes of an arm's cluster, or of all clusters of this run: control plane, client, server. */
  async function nodesOfArm(arm?: string): Promise<string[]> {
    const own = (await records().all()).filter((record) => record.run === RUN && (!arm || record.arm === arm))
    return own.flatMap(({ cluster }) => Object.values(nodesOf(cluster)))
  }

  async function states(): Promise<string[]> {
    return (await dockerHere.inspect(await nodesOfArm())).map(({ state }) => state)
  }

  /** Changes an arm's cluster behind the harness's back: while it is thawed, then frozen again. */
  async function onCluster(arm: string, argv: readonly string[], input?: string): Promise<string> {
    const nodes = await nodesOfArm(arm)
    await dockerHere.unpause(nodes)
    const kubectl = ['kubectl', '--kubeconfig', '/etc/kubernetes/admin.conf', ...argv]
    try {
      return await dockerHere.exec(nodes[0] ?? '', kubectl, input === undefined ? {} : { input })
    } finally {
      await dockerHere.pause(nodes)
    }
  }
})

async function keep(event: Event, results: Map<string, Result>): Promise<void> {
  if (event.type === 'result') results.set(event.result.trial.arm, event.result)
}
