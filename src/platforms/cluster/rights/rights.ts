import type { Right } from '../../../kubernetes/cluster.ts'
import type { KubernetesObject } from '../../../model/mesh.ts'
import type { Plan } from '../../../model/plan.ts'
import { mostGenerators } from '../../../model/scenario.ts'
import type { Site } from '../../../model/site.ts'
import { operationsOf } from '../../../operations/index.ts'
import type { ArmMesh } from '../../in-cluster/arm-mesh.ts'
import { isInstalled } from '../../in-cluster/shared-cluster.ts'
import { armInRun, hasAgents } from '../cluster-testbed.ts'

/** A rule of a ClusterRole. */
export interface PolicyRule {
  /** With `resources`; absent in a rule of paths. */
  readonly apiGroups?: readonly string[]
  readonly resources?: readonly string[]
  readonly verbs: readonly string[]
  /** All names when absent or empty. */
  readonly resourceNames?: readonly string[]
  /** Paths that are no resources. */
  readonly nonResourceURLs?: readonly string[]
}

export const READ = ['get', 'list', 'watch'] as const
export const MAKE = [...READ, 'create', 'patch', 'delete'] as const

/** What every plan needs: namespaces of its own with the workload, and pods wherever the mesh's are. */
const ALWAYS: readonly PolicyRule[] = [
  { apiGroups: [''], resources: ['nodes', 'events'], verbs: READ },
  { apiGroups: [''], resources: ['namespaces', 'pods', 'services', 'serviceaccounts', 'configmaps'], verbs: MAKE },
  // By WebSocket a command is a GET for older API servers and a create for newer ones.
  { apiGroups: [''], resources: ['pods/exec'], verbs: ['get', 'create'] },
  { apiGroups: [''], resources: ['pods/proxy', 'pods/log'], verbs: ['get'] },
  { apiGroups: ['apps'], resources: ['deployments', 'daemonsets'], verbs: READ },
]

/** Several load generators are the pods of a job. */
const GENERATORS: PolicyRule = { apiGroups: ['batch'], resources: ['jobs'], verbs: MAKE }

/** What an application of the user's may consist of. */
const APPLICATION: readonly PolicyRule[] = [
  { apiGroups: [''], resources: ['secrets', 'persistentvolumeclaims'], verbs: MAKE },
  { apiGroups: ['apps'], resources: ['deployments', 'daemonsets', 'statefulsets', 'replicasets'], verbs: MAKE },
  { apiGroups: ['batch'], resources: ['jobs', 'cronjobs'], verbs: MAKE },
  { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'], verbs: MAKE },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: MAKE },
  { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies', 'ingresses'], verbs: MAKE },
]

/** To read the counters of the kubelets. Agents need none of it. */
const KUBELETS: PolicyRule = { apiGroups: [''], resources: ['nodes/proxy'], verbs: ['get'] }

/** Where it is not known what the charts do, which grant rights to others: only an administrator may install them then. */
const INSTALLING: PolicyRule = { apiGroups: ['*'], resources: ['*'], verbs: ['*'] }

/**
 * Rules of a ClusterRole with which a plan can be carried out.
 *
 * @param installing what it takes to install the control planes, where that is known
 */
export function rulesFor(plan: Plan, site: Site, installing?: readonly PolicyRule[]): PolicyRule[] {
  const arms = plan.scenario.arms.map((arm) => armInRun(arm, { plan, site }, 'rights'))
  const installs = arms.some(
    ({ arm, kubernetes, about }) => isInstalled(plan, arm) && kubernetes.install(about).length > 0,
  )
  if (installs && !installing) return [INSTALLING]
  const objects = arms.flatMap(({ kubernetes, about }) => kubernetes.enrol(about).objects)
  const waited = arms.flatMap(({ kubernetes, about }) => kubernetes.enrol(about).until)
  const gateways = waited.some(({ kind }) => kind === 'Gateway')
  return [
    ...ALWAYS,
    ...(plan.scenario.workload ? APPLICATION : []),
    ...(mostGenerators(plan.scenario.loads) > 1 ? [GENERATORS] : []),
    ...operationRights(plan, arms),
    ...(hasAgents(plan.scenario) ? [] : [KUBELETS]),
    ...resourcesIn(objects, MAKE),
    ...(gateways ? [{ apiGroups: ['gateway.networking.k8s.io'], resources: ['gateways'], verbs: READ }] : []),
    ...(installs ? (installing ?? []) : []),
  ]
}

/** Under an operation the server is a Deployment, and control planes are scaled. */
function operationRights({ scenario }: Plan, arms: readonly ArmMesh[]): PolicyRule[] {
  const found = operationsOf(scenario.loads)
  if (found.length === 0) return []
  const objects = found.flatMap(({ writes }) =>
    arms.flatMap(({ kubernetes, about }) => writes?.(kubernetes, about.namespace) ?? []),
  )
  return [{ apiGroups: ['apps'], resources: ['deployments'], verbs: MAKE }, ...resourcesIn(objects, MAKE)]
}

/** A rule for each group that these objects are of. */
export function resourcesIn(objects: readonly KubernetesObject[], verbs: readonly string[]): PolicyRule[] {
  const groups = Map.groupBy(objects, ({ apiVersion }) => groupOf(apiVersion))
  return [...groups].map(([group, of]) => {
    return { apiGroups: [group], resources: [...new Set(of.map(resourceOf))].toSorted(), verbs }
  })
}

/** Each right by itself, to be asked for. Rights over paths that are no resources are not. */
export function rightsOf(rules: readonly PolicyRule[]): Right[] {
  const rights = rules.flatMap(({ apiGroups = [], resources = [], verbs, resourceNames = [] }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs.flatMap((verb) =>
          (resourceNames.length === 0 ? [undefined] : resourceNames).map((name): Right => {
            return { group, resource, verb, ...(name !== undefined && { name }) }
          }),
        ),
      ),
    ),
  )
  return [...new Map(rights.map((right) => [rightText(right), right])).values()]
}

export function rightText({ verb, group, resource, name }: Right): string {
  return `${verb} ${resource}${group === '' ? '' : `.${group}`}${name === undefined ? '' : `/${name}`}`
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : ''
}

/** The plural by which the API server knows a kind, after the rules of English that Kubernetes itself follows. */
export function resourceOf({ kind }: Pick<KubernetesObject, 'kind'>): string {
  const lower = kind.toLowerCase()
  if (lower === 'endpoints') return lower
  if (/[^aeiou]y$/.test(lower)) return `${lower.slice(0, -1)}ies`
  return /(s|x|ch|sh)$/.test(lower) ? `${lower}es` : `${lower}s`
}

/** A ServiceAccount, a ClusterRole with these rules and their binding, as objects for `kubectl apply`. */
export function rbacObjects(rules: readonly PolicyRule[], name: string, namespace: string): KubernetesObject[] {
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
