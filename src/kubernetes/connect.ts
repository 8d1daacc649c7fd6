import { Failure } from '../model/failure.ts'
import { type Api, openApi } from './api.ts'
import type { Cluster, ListOf, Right } from './cluster.ts'
import { exec, execStream } from './exec.ts'
import { apply, remove, resourcesOf } from './objects.ts'
import { containerLog } from './pod-trouble.ts'
import type { Pod } from './pods.ts'
import { again, ask, attempt, busy, isBusy, judge, saidBy, unreachable } from './requests.ts'
import { untilReady } from './until-ready.ts'

/** Opens a cluster by the text of its kubeconfig. Nothing is asked of it yet. */
export async function connect(kubeconfig: string): Promise<Cluster> {
  const api = await openApi(kubeconfig)
  const resources = resourcesOf(api)
  const get = async (path: string, signal?: AbortSignal) => (await ask(api, { path, signal })).text

  async function list<T>({ apiVersion, kind, namespace, labels, fields }: ListOf, signal?: AbortSignal): Promise<T[]> {
    const path = await resources.listPath(apiVersion, kind, namespace, signal)
    if (path === undefined) return []
    const query = new URLSearchParams({
      ...(labels === undefined ? {} : { labelSelector: selectorOf(labels) }),
      ...(fields === undefined ? {} : { fieldSelector: fields }),
    })
    return (JSON.parse(await get(`${path}?${query}`, signal)) as { items: T[] }).items
  }

  return {
    apply: (objects, signal, options) => apply(api, resources, objects, signal, options?.within),
    remove: (objects, signal, options) => remove(api, resources, objects, signal, options),
    read: async <T>(object: Parameters<Cluster['read']>[0], signal?: AbortSignal) => {
      const path = await resources.objectPath(object, signal)
      if (path === undefined) return undefined
      const { status, text } = await ask(api, { path, signal, accept: [404] })
      return status === 404 ? undefined : (JSON.parse(text) as T)
    },
    list,
    pods: (namespace, labels, signal) =>
      list<Pod>(
        {
          apiVersion: 'v1',
          kind: 'Pod',
          ...(namespace === undefined ? {} : { namespace }),
          ...(labels === undefined ? {} : { labels }),
        },
        signal,
      ),
    untilReady: (readiness, within, signal) => untilReady(api, readiness, within, signal),
    exec: (what, signal) => exec(api, what, signal),
    stream: (what, signal) => execStream(api, what, signal),
    proxyGet: async ({ namespace, pod, port, path }, signal) => {
      const at = `/api/v1/namespaces/${namespace}/pods/${pod}:${port}/proxy/${path.replace(/^\//, '')}`
      return (await ask(api, { path: at, signal, behind: true })).text
    },
    get,
    mayI: (right, signal) => mayI(api, right, signal),
    logs: (namespace, pod, container, tailLines, signal) =>
      containerLog(api, { namespace, pod, container, tailLines, signal }),
    close: () => api.close(),
    [Symbol.asyncDispose]: () => api.close(),
  }
}

/** How long a busy API server is put up with, in seconds. */
const PATIENCE = 30

async function mayI(
  api: Api,
  { verb, group, resource, name: object, namespace }: Right,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const [name, subresource] = resource.split('/')
  const attributes = {
    verb,
    group,
    resource: name,
    ...(subresource && { subresource }),
    ...(object && { name: object }),
    ...(namespace && { namespace }),
  }
  const body = JSON.stringify({
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: attributes },
  })
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
  const answer = await again(PATIENCE, signal, async () => {
    const request = { method: 'POST', path, body, contentType: 'application/json', within: 10, signal } as const
    return judge(await attempt(api, request))
  })
  if (typeof answer === 'string') throw unreachable(api, answer)
  if (isBusy(answer.status)) throw busy(api, answer)
  if (answer.status >= 300) {
    throw new Failure('cluster-refused', 'The API server does not say what this user may do.', {
      cause: saidBy(answer),
    })
  }
  return (JSON.parse(answer.text) as { readonly status?: { readonly allowed?: boolean } }).status?.allowed === true
}

function selectorOf(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
}
