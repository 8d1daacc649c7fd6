import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import type { Cluster } from '../../src/kubernetes/cluster.ts'
import { connect } from '../../src/kubernetes/connect.ts'
import { podFacts } from '../../src/kubernetes/pods.ts'
import type { KubernetesObject, NodePart, PodFact } from '../../src/model/mesh.ts'
import type { Plan } from '../../src/model/plan.ts'
import type { Site } from '../../src/model/site.ts'
import type { Observation, Usage } from '../../src/model/usage.ts'
import { AGENTS_NAMESPACE, agentsOf } from '../../src/platforms/cluster/agents.ts'
import { armInRun } from '../../src/platforms/cluster/cluster-testbed.ts'
import { armNamespace, ownNamespace, runNamespace } from '../../src/platforms/cluster/inventory.ts'
import { measuredNodes } from '../../src/platforms/in-cluster/cluster-arm.ts'
import { nodeMeter, type RunningArmOptions } from '../../src/platforms/in-cluster/cluster-window.ts'
import { kubeletMeter } from '../../src/platforms/in-cluster/kubelet/kubelet-meter.ts'
import { readSite } from '../../src/site/read-site.ts'
import { locate } from '../../src/tools/locate.ts'
import { sharedFolder } from '../temporary-folder.ts'
import { asServiceAccount, minutes, OWN, onClusters, planOf } from './clusters.ts'

const MAIN = join(import.meta.dirname, '../../src/main.ts')
const NAME = `kubelets-${OWN}`
const RUN = `20261128T000000Z-${OWN}`
const NODES = { client: `${NAME}-worker`, server: `${NAME}-worker2`, control: `${NAME}-control-plane` }
const SCENARIO = `
name: two-ways
platform: cluster
cluster: { context: kind-${NAME}, usage: kubelet }
blocks: 1
idle: 5s
arms: [none]
loads: [{ name: http, rate: 200/s, connections: 4, warmup: 1s, duration: 30s }]
`
/** So much work for the shell of busybox takes some ten seconds of one core, and 40 s of a quarter of it. */
const BURN = 'i=0; while [ $i -lt 8000000 ]; do i=$((i+1)); done; times'
/** Some hundredths of a core, always: as a proxy that has work to do without any requests. */
const TICK = 'while :; do i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done; sleep 0.2; done'

describe(...onClusters('CPU by agents and by kubelets'), () => {
  const { signal } = new AbortController()
  const dir = sharedFolder()
  const kubeconfig = join(dir, 'kubeconfig')
  let kind = 'kind'
  let site: Site
  let plan: Plan
  let cluster: Cluster

  beforeAll(async () => {
    kind = (await locate('kind'))?.path ?? kind
    site = await readSite(undefined, process.env)
    plan = planOf(SCENARIO)
    const config = join(dir, 'kind.yaml')
    const nodes = ['control-plane', 'worker', 'worker'].map((role) => `{ role: ${role} }`)
    writeFileSync(config, `kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes: [${nodes.join(', ')}]\n`)
    const create = ['create', 'cluster', '--name', NAME, '--image', site.kind.nodeImage, '--config', config]
    await execa(kind, [...create, '--kubeconfig', kubeconfig, '--wait', '180s'])
    const { busybox, fortio } = site.images
    await execa(kind, ['load', 'docker-image', busybox, fortio, '--name', NAME])
    cluster = await connect(readFileSync(kubeconfig, 'utf8'))
  }, minutes(8))

  afterAll(async () => {
    await cluster?.close()
    await execa(kind, ['delete', 'cluster', '--name', NAME, '--kubeconfig', kubeconfig])
  }, minutes(3))

  const pod = (name: 'client' | 'server', container: string, command: readonly string[], limit?: string) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: armNamespace(RUN, 'none'), labels: { app: name } },
    spec: {
      nodeName: NODES[name],
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          ...{ name: container, image: site.images.busybox, imagePullPolicy: 'IfNotPresent', command },
          ...(limit !== undefined && { resources: { limits: { cpu: limit } } }),
        },
      ],
    },
  })

  const optionsOf = (pods: readonly PodFact[]): RunningArmOptions => {
    const [arm] = plan.scenario.arms
    if (!arm) throw new Error('the scenario has an arm')
    const isForeign = ({ namespace }: PodFact) => !namespace.startsWith('meshbench') && namespace !== 'kube-system'
    return {
      arm: {
        ...{ of: armInRun(arm, { plan, site }, RUN), cluster, plan, run: RUN, images: site.images, nodes: NODES },
        ...{ machines: ['client'], cpus: { client: 1, server: 1, control: 1 }, isHere: false, isConfigured: true },
        ...{ placed: (tree) => tree, before: [], facts: [], isForeign },
      },
      ...{ pods, facts: [], signal },
    }
  }

  it('agree with each other and with the truth, for a pod that burns 0.250 core while it is measured', {
    timeout: minutes(8),
  }, async () => {
    const namespace = armNamespace(RUN, 'none')
    await cluster.apply([ownNamespace(runNamespace(RUN), RUN, AGENTS_NAMESPACE), ownNamespace(namespace, RUN)], signal)
    const started = agentsOf({ cluster, run: RUN, image: site.images.busybox })
    const measured = measuredNodes({ nodes: NODES })
    await started.start(
      measured.map(({ name }) => ({ metadata: { name } })),
      signal,
    )
    const pods = [pod('client', 'fortio', ['sh', '-c', TICK]), pod('server', 'server', ['sleep', '3600'], '250m')]
    await cluster.apply(pods, signal)
    const ready = pods.map(({ metadata: { name } }) => ({ kind: 'Pod', namespace, name }) as const)
    await cluster.untilReady(ready, 120, signal)
    const partOf = (node: string) => (Object.keys(NODES) as NodePart[]).find((part) => NODES[part] === node)
    const options = optionsOf(podFacts(await cluster.pods(), partOf))
    const agents = nodeMeter(options, started.onNode(measured))
    const kubelets = kubeletMeter(options)
    const idle = await kubelets.open()
    await idle.close()
    const outer = await kubelets.open()
    const inner = await agents.open()
    const burner = { namespace, pod: 'server', container: 'server', command: ['sh', '-c', BURN] }
    const { stdout } = await cluster.exec(burner, signal)
    const agent = await inner.close()
    const kubelet = await outer.close()
    const truth = [...(stdout.split('\n')[0] ?? '').matchAll(/(\d+)m([\d.]+)s/g)].reduce(
      (sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds),
      0,
    )
    const [byAgent, byKubelet] = [used(agent.usage, 'application'), used(kubelet.usage, 'application')]
    const ticks = [used(agent.usage, 'generator'), used(kubelet.usage, 'generator')] as const
    console.log(
      `${truth.toFixed(2)} s burnt in ${agent.seconds.toFixed(1)} s (${(truth / agent.seconds).toFixed(3)} core); agent ${said(byAgent)}, kubelet ${said(byKubelet)}; ticking: agent ${said(ticks[0])}, kubelet ${said(ticks[1])}; ${kubelet.evidence[0]?.seen}`,
    )
    // The quota is a limit: a busy machine may give less.
    expect(truth / agent.seconds).toBeLessThan(0.26)
    expect(Math.abs(byAgent.cpuSeconds / truth - 1)).toBeLessThan(0.03)
    expect(Math.abs(byKubelet.cpuSeconds - truth)).toBeLessThan((byKubelet.cpuError ?? 0) + 0.03 * truth)
    // It ticks at both ends of the agents' window too, which the window of the kubelets encloses.
    const longer = kubelet.seconds / agent.seconds
    const apart = Math.abs(ticks[1].cpuSeconds - ticks[0].cpuSeconds * longer)
    expect(apart).toBeLessThan((ticks[1].cpuError ?? 0) + 0.03 * ticks[0].cpuSeconds)
    expect(byKubelet.throttledPeriods).toBeGreaterThan(0)
    expect(Math.abs(byKubelet.memoryBytes - byAgent.memoryBytes)).toBeLessThan(2 ** 20)
    expect(kubelet.evidence).toMatchObject([{ name: 'cpu-account', holds: true }])
    await cluster.remove(
      [runNamespace(RUN), namespace].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
      signal,
    )
  })

  it('are the kubelets alone where agents are not wanted, with the rights that this needs and no others', {
    timeout: minutes(8),
  }, async () => {
    writeFileSync(join(dir, 'kubelets.yaml'), SCENARIO)
    const meshbench = (args: readonly string[], config: string) => {
      return execa(process.execPath, [MAIN, ...args], {
        cwd: dir,
        env: { KUBECONFIG: config },
        reject: false,
        all: true,
      })
    }
    const { stdout } = await meshbench(['rbac', 'kubelets.yaml'], kubeconfig)
    expect(stdout).toContain('nodes/proxy')
    await cluster.apply(
      parseAllDocuments(stdout).map((document) => document.toJS() as KubernetesObject),
      signal,
    )
    const limited = join(dir, 'limited')
    writeFileSync(limited, await asServiceAccount(cluster, readFileSync(kubeconfig, 'utf8')))
    const running = meshbench(['run', 'kubelets.yaml', '--yes', '--keep-going'], limited)
    let hasEnded = false
    void running.then(() => {
      hasEnded = true
    })
    const privileged = new Set<string>()
    const pods = new Set<string>()
    while (!hasEnded) {
      for (const { metadata } of await cluster.list({ apiVersion: 'v1', kind: 'Namespace' }, signal)) {
        if (metadata.labels?.['pod-security.kubernetes.io/enforce'] === 'privileged') privileged.add(metadata.name)
      }
      for (const { metadata } of await cluster.pods()) {
        if (metadata.namespace.startsWith('meshbench-')) pods.add(metadata.name)
      }
      await setTimeout(2000)
    }
    const { exitCode, all } = await running
    // 12: a trial that a busy machine made invalid is a result.
    expect([0, 12], all).toContain(exitCode)
    expect([...privileged]).toEqual([])
    expect([...pods].toSorted()).toEqual(['client', 'server'])
    const [trial = ''] = globSync(join(dir, 'results/*/trials/*.json'))
    const { outcome } = JSON.parse(readFileSync(trial, 'utf8')) as Stored
    const { usage, host, seconds, evidence } = outcome.reading.observation
    expect(host).toBeUndefined()
    expect(seconds).toBeGreaterThan(30)
    expect(evidence.find(({ name }) => name === 'cpu-account')).toMatchObject({ holds: true })
    for (const component of ['generator', 'application']) {
      const { cpuSeconds, cpuError = Number.NaN } = used(usage, component)
      expect(cpuSeconds).toBeGreaterThan(0)
      expect(cpuError).toBeLessThan(cpuSeconds)
    }
    const [page = ''] = globSync(join(dir, 'results/*/report.html'))
    expect(readFileSync(page, 'utf8')).toContain('CPU and memory are from the counters of the kubelets')
  })
})

interface Stored {
  readonly outcome: { readonly reading: { readonly observation: Observation } }
}

function used(usage: readonly Usage[], component: string): Usage {
  const found = usage.find((one) => one.component === component)
  if (!found) throw new Error(`no ${component}`)
  return found
}

function said({ cpuSeconds, cpuError }: Usage): string {
  return `${cpuSeconds.toFixed(3)} s${cpuError === undefined ? '' : ` ± ${cpuError.toFixed(3)} s`}`
}
