import type { Right } from '../../kubernetes/cluster.ts'
import type { KubernetesObject } from '../../model/mesh.ts'
import type { Plan } from '../../model/plan.ts'
import { mostGenerators } from '../../model/scenario.ts'
import type { Site } from '../../model/site.ts'
import { isInstalled } from '../in-cluster/shared-cluster.ts'
import { armInRun, hasAgents } from './cluster-testbed.ts'

/** A rule of a ClusterRole. */
interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
}

const READ = ['get', 'list', 'watch'] as const
const MAKE = [...READ, 'create', 'patch', 'delete'] as const

/** What every plan needs: namespaces of its own with the workload, and pods wherever the mesh's are. */
const ALWAYS: readonly Rule[] = [
  { apiGroups: [''], resources: ['nodes', 'events'], verbs: READ },
  { apiGroups: [''], resources: ['namespaces', 'pods', 'services', 'serviceaccounts', 'configmaps'], verbs: MAKE },
  // By WebSocket a command is a GET for older API servers and a create for newer ones.
  { apiGroups: [''], resources: ['pods/exec'], verbs: ['get', 'create'] },
  { apiGroups: [''], resources: ['pods/proxy', 'pods/log'], verbs: ['get'] },
  { apiGroups: ['apps'], resources: ['deployments', 'daemonsets'], verbs: READ },
]

/** Several load generators are the pods of a job. */
const GENERATORS: Rule = { apiGroups: ['batch'], resources: ['jobs'], verbs: MAKE }

/** What an application of the user's may consist of. */
const APPLICATION: readonly Rule[] = [
  { apiGroups: [''], resources: ['secrets', 'persistentvolumeclaims'], verbs: MAKE },
  { apiGroups: ['apps'], resources: ['deployments', 'daemonsets', 'statefulsets', 'replicasets'], verbs: MAKE },
  { apiGroups: ['batch'], resources: ['jobs', 'cronjobs'], verbs: MAKE },
  { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'], verbs: MAKE },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: MAKE },
  { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies', 'ingresses'], verbs: MAKE },
]

/** To read the counters of the kubelets. Agents need none of it. */
const KUBELETS: Rule = { apiGroups: [''], resources: ['nodes/proxy'], verbs: ['get'] }

/** To install control planes is to do what their charts do, which grants rights to others: only an administrator may. */
const INSTALLING: Rule = { apiGroups: ['*'], resources: ['*'], verbs: ['*'] }

/** Rules of a ClusterRole with which a plan can be carried out. */
export function rulesFor(plan: Plan, site: Site): Rule[] {
  const arms = plan.scenario.arms.map((arm) => armInRun(arm, { plan, site }, 'rights'))
  const installs = arms.some(
    ({ arm, kubernetes, about }) => isInstalled(plan, arm) && kubernetes.install(about).length > 0,
  )
  if (installs) return [INSTALLING]
  const objects = arms.flatMap(({ kubernetes, about }) => kubernetes.enrol(about).objects)
  const waited = arms.flatMap(({ kubernetes, about }) => kubernetes.enrol(about).until)
  const gateways = waited.some(({ kind }) => kind === 'Gateway')
  const enrolment = [...Map.groupBy(objects, ({ apiVersion }) => groupOf(apiVersion))].map(([group, of]): Rule => {
    return { apiGroups: [group], resources: [...new Set(of.map(resourceOf))], verbs: MAKE }
  })
  return [
    ...ALWAYS,
    ...(plan.scenario.workload ? APPLICATION : []),
    ...(mostGenerators(plan.scenario.loads) > 1 ? [GENERATORS] : []),
    ...(hasAgents(plan.scenario) ? [] : [KUBELETS]),
    ...enrolment,
    ...(gateways ? [{ apiGroups: ['gateway.networking.k8s.io'], resources: ['gateways'], verbs: READ }] : []),
  ]
}

/** Each right by itself, to be asked for. */
export function rightsFor(plan: Plan, site: Site): Right[] {
  const rights = rulesFor(plan, site).flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) => verbs.map((verb): Right => ({ group, resource, verb }))),
    ),
  )
  return [...new Map(rights.map((right) => [rightText(right), right])).values()]
}

export function rightText({ verb, group, resource }: Right): string {
  return `${verb} ${resource}${group === '' ? '' : `.${group}`}`
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : ''
}

/** The plural by which the API server knows a kind, after the rules of English that Kubernetes itself follows. */
function resourceOf({ kind }: KubernetesObject): string {
  const lower = kind.toLowerCase()
  if (/[^aeiou]y$/.test(lower)) return `${lower.slice(0, -1)}ies`
  return /(s|x|ch|sh)$/.test(lower) ? `${lower}es` : `${lower}s`
}

/** A ServiceAccount, a ClusterRole with these rules and their binding, as objects for `kubectl apply`. */
export function rbacObjects(rules: readonly Rule[], name: string, namespace: string): KubernetesObject[] {
  const metadata = { name }
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } },
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata, rules },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    },
  ]
}
