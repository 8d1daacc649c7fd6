import type { Cluster } from '../../kubernetes/cluster.ts'
import { connect } from '../../kubernetes/connect.ts'
import { type KubeContext, listContexts, readContext } from '../../kubernetes/kubeconfig.ts'
import { Failure } from '../../model/failure.ts'
import type { Plan } from '../../model/plan.ts'
import { armsByContext } from '../../model/scenario.ts'
import { list } from '../../model/words.ts'

/** A cluster, and the part of a plan whose arms stand in it. */
export interface Standing {
  readonly context: KubeContext
  /** With these arms alone. */
  readonly plan: Plan
}

/**
 * The clusters that the arms of a plan stand in, in the order of the arms.
 *
 * @throws Failure `usage` where an arm has no context: the current one is never used unasked, since it may be production
 */
export async function standingsOf(plan: Plan, kubeconfig: string | undefined): Promise<Standing[]> {
  const groups = [...armsByContext(plan.scenario)]
  return await Promise.all(
    groups.map(async ([name, arms]): Promise<Standing> => {
      if (name === undefined) throw await noContext(kubeconfig)
      return { context: await readContext(name, kubeconfig), plan: { ...plan, scenario: { ...plan.scenario, arms } } }
    }),
  )
}

async function noContext(kubeconfig: string | undefined): Promise<Failure> {
  const { names, current } = await listContexts(kubeconfig)
  const known = names.map((name) => (name === current ? `${name} (current)` : name))
  return new Failure('usage', 'the platform cluster needs the name of a context', {
    remedy: `Use --context NAME, or cluster: { context: NAME } in the scenario. The kubeconfig has: ${list(known) || 'none'}.`,
  })
}

/** What tells one cluster from another, whatever its contexts are called: the namespace kube-system is made once for each. */
async function identityOf(cluster: Cluster, signal: AbortSignal): Promise<string | undefined> {
  const name = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system' } }
  return (await cluster.read<{ readonly metadata: { readonly uid?: string } }>(name, signal))?.metadata.uid
}

/** For all API servers to answer, in milliseconds. */
const ANSWER = 60_000

/**
 * Two contexts of one cluster would be measured as if they were two clusters.
 *
 * @throws Failure `usage` with the names of both
 */
export async function refuseOneCluster(standings: readonly Pick<Standing, 'context'>[]): Promise<void> {
  if (standings.length < 2) return
  const signal = AbortSignal.timeout(ANSWER)
  const known = new Map<string, string>()
  for (const { context } of standings) {
    await using cluster = await connect(context.kubeconfig)
    const identity = (await identityOf(cluster, signal)) ?? context.server
    const other = known.get(identity)
    if (other !== undefined) {
      throw new Failure('usage', `the contexts ${other} and ${context.name} are of one cluster`, {
        cause: 'arms of one cluster stand side by side, by one context',
        remedy: 'Give these arms the same context.',
      })
    }
    known.set(identity, context.name)
  }
}

/** The arms of a cluster, in words. */
export function armWords({ plan }: Pick<Standing, 'plan'>): string {
  return list(plan.scenario.arms.map(({ name }) => name))
}
