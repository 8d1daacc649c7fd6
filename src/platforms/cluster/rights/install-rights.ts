import { makeScratch } from '../../../host/scratch.ts'
import { chartCache, manifestCache } from '../../../kubernetes/install/chart-cache.ts'
import type { KubernetesObject } from '../../../model/mesh.ts'
import type { Plan } from '../../../model/plan.ts'
import type { Program, Site } from '../../../model/site.ts'
import { installationsOf, isInstalled } from '../../in-cluster/shared-cluster.ts'
import { armInRun } from '../cluster-testbed.ts'
import { renderedBy } from '../control-planes.ts'
import { MAKE, type PolicyRule, READ, resourceOf, resourcesIn } from './rights.ts'

const RBAC = 'rbac.authorization.k8s.io'
const ROLES: ReadonlySet<string> = new Set(['Role', 'ClusterRole'])
const BINDINGS: ReadonlySet<string> = new Set(['RoleBinding', 'ClusterRoleBinding'])

/** helm replaces some objects whole. */
const INSTALL = [...MAKE, 'update'] as const

/** What installing needs besides: definitions, helm's record of its releases, and what a control plane is waited for by. */
const ALWAYS: readonly PolicyRule[] = [
  { apiGroups: ['apiextensions.k8s.io'], resources: ['customresourcedefinitions'], verbs: INSTALL },
  { apiGroups: [''], resources: ['secrets'], verbs: INSTALL },
  { apiGroups: ['apps'], resources: ['deployments', 'daemonsets', 'replicasets'], verbs: READ },
]

/** Everything that the installations of a plan apply, rendered without a cluster. */
export async function renderedFor(
  plan: Plan,
  site: Site,
  helm: Program,
  signal: AbortSignal,
): Promise<KubernetesObject[]> {
  const arms = plan.scenario.arms.map((arm) => armInRun(arm, { plan, site }, 'rights'))
  const installations = installationsOf(arms, { plan, placed: (tree) => tree })
  if (installations.length === 0) return []
  const scratch = await makeScratch('rights')
  try {
    const { dir } = scratch
    const env = { ...process.env, ...scratch.stamps }
    const sources = {
      helm,
      env,
      dir,
      site,
      charts: chartCache({ helm: helm.path, dir, env }),
      manifests: manifestCache(),
    }
    const objects: KubernetesObject[] = []
    for (const one of installations) objects.push(...(await renderedBy(one, sources, signal)))
    const made = arms.filter(({ arm }) => isInstalled(plan, arm)).flatMap(({ kubernetes }) => kubernetes.makes ?? [])
    return [...objects, ...made.map(({ apiVersion, kind, name }) => ({ apiVersion, kind, metadata: { name } }))]
  } finally {
    await scratch.remove()
  }
}

/**
 * Rules with which exactly these objects can be made. The API server lets nobody give rights that they do not have, so the rules of the roles in
 * the charts are among them; a binding to a role that is not in the charts needs the verb `bind` for it.
 *
 * @returns undefined where a role gathers its rules by labels: what it will give is not known before
 */
export function rulesToInstall(objects: readonly KubernetesObject[]): PolicyRule[] | undefined {
  const roles = objects.filter(({ kind }) => ROLES.has(kind))
  if (roles.some((role) => role['aggregationRule'] !== undefined)) return undefined
  const given = roles.flatMap((role) => (role['rules'] as readonly PolicyRule[] | null | undefined) ?? [])
  return merged([...ALWAYS, ...resourcesIn(objects, INSTALL), ...foreignRoles(objects), ...given])
}

/** Roles that are bound and not made: those of Kubernetes itself. */
function foreignRoles(objects: readonly KubernetesObject[]): PolicyRule[] {
  const own = new Set(
    objects.filter(({ kind }) => ROLES.has(kind)).map(({ kind, metadata }) => `${kind} ${metadata.name}`),
  )
  const bound = objects
    .filter(({ kind }) => BINDINGS.has(kind))
    .map((binding) => binding['roleRef'] as { readonly kind: string; readonly name: string })
    .filter(({ kind, name }) => !own.has(`${kind} ${name}`))
  return [...Map.groupBy(bound, ({ kind }) => kind)].map(([kind, refs]) => ({
    apiGroups: [RBAC],
    resources: [resourceOf({ kind })],
    verbs: ['bind'],
    resourceNames: [...new Set(refs.map(({ name }) => name))].toSorted(),
  }))
}

/** Equal rules once. */
function merged(rules: readonly PolicyRule[]): PolicyRule[] {
  return [...new Map(rules.map((rule) => [JSON.stringify(Object.entries(rule).toSorted()), rule])).values()]
}
