import { expect } from 'vitest'
import { parse } from 'yaml'
import type { Cluster } from '../../src/kubernetes/cluster.ts'
import { loads } from '../../src/loads/index.ts'
import type { Event } from '../../src/model/event.ts'
import type { Plan } from '../../src/model/plan.ts'
import type { Platform } from '../../src/model/platform.ts'
import type { Result } from '../../src/model/result.ts'
import { makePlan } from '../../src/plan/make-plan.ts'
import { run } from '../../src/run/run.ts'
import { parseScenario } from '../../src/scenario/parse.ts'

const WANTED = process.env['MESHBENCH_CLUSTER_TESTS'] === '1'

/** Title and options of tests that make real clusters, and that say why they are skipped. */
export const onClusters = (title: string) =>
  [`${title}${WANTED ? '' : ' (skipped: MESHBENCH_CLUSTER_TESTS is not 1)'}`, { skip: !WANTED }] as const

export const minutes = (count: number) => count * 60_000

/** What tells the clusters of one process of tests from those of another. */
export const OWN = process.pid.toString(36).slice(-3)

export function planOf(text: string): Plan {
  const { scenario, problems } = parseScenario(text, 'test.yaml')
  if (!scenario) throw new Error(JSON.stringify(problems))
  return makePlan(scenario)
}

interface About {
  /** The run that the clusters are of. */
  readonly id: string
  readonly signal: AbortSignal
  readonly on?: (event: Event) => void
}

export async function resultsOf(platform: Platform, plan: Plan, { id, signal, on }: About): Promise<Result[]> {
  const world = { platform, loads, identity: { id }, signal, now: () => Date.now() / 1000 }
  const results: Result[] = []
  for await (const event of run(plan, 0, world)) {
    on?.(event)
    if (event.type === 'result') results.push(event.result)
  }
  return results
}

/** Removes all clusters of these runs. */
export async function removeClusters(platform: Platform, ids: readonly string[]): Promise<void> {
  const own = (await platform.leftovers()).filter(({ run }) => run !== undefined && ids.includes(run))
  for (const left of own) await left.remove()
}

/** A kubeconfig of the same context for the ServiceAccount that `rbac` made. */
export async function asServiceAccount(cluster: Cluster, text: string): Promise<string> {
  const metadata = { name: 'meshbench-token', namespace: 'default' }
  const annotations = { 'kubernetes.io/service-account.name': 'meshbench' }
  const secret = { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/service-account-token' }
  await cluster.apply([{ ...secret, metadata: { ...metadata, annotations } }], AbortSignal.timeout(60_000))
  const tokenOf = async () => {
    const found = await cluster.read({ apiVersion: 'v1', kind: 'Secret', metadata })
    return (found?.['data'] as { readonly token?: string } | undefined)?.token
  }
  await expect.poll(tokenOf, { timeout: 30_000 }).toBeDefined()
  const config = parse(text) as { users: { name: string; user: object }[] }
  const token = Buffer.from((await tokenOf()) ?? '', 'base64').toString()
  return JSON.stringify({ ...config, users: config.users.map(({ name }) => ({ name, user: { token } })) })
}
