import { Failure } from '../model/failure.ts'
import type { Api } from './api.ts'
import { ask } from './ask.ts'
import type { ObjectName } from './cluster.ts'

interface Resource {
  readonly name: string
  readonly kind: string
  readonly namespaced: boolean
}

/** Finds the path of a kind's objects by asking the API server what it knows. */
export interface Resources {
  /** Undefined when the API server knows no such kind. */
  listPath(
    apiVersion: string,
    kind: string,
    namespace: string | undefined,
    signal?: AbortSignal,
  ): Promise<string | undefined>
  objectPath(object: ObjectName, signal?: AbortSignal): Promise<string | undefined>
}

export function resourcesOf(api: Api): Resources {
  const known = new Map<string, Promise<readonly Resource[]>>()

  async function find(apiVersion: string, kind: string, signal?: AbortSignal): Promise<Resource | undefined> {
    const before = known.get(apiVersion)
    const found = before && (await before.catch(() => [])).find((one) => one.kind === kind)
    if (found) return found
    // Not kept when it is not there: definitions are added while a mesh is installed.
    const fresh = resourcesAt(api, apiVersion, signal)
    known.set(apiVersion, fresh)
    return (await fresh).find((one) => one.kind === kind)
  }

  const listPath: Resources['listPath'] = async (apiVersion, kind, namespace, signal) => {
    const resource = await find(apiVersion, kind, signal)
    if (!resource) return undefined
    const within = resource.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : ''
    return `${rootOf(apiVersion)}${within}/${resource.name}`
  }

  return {
    listPath,
    objectPath: async ({ apiVersion, kind, metadata }, signal) => {
      const list = await listPath(apiVersion, kind, metadata.namespace ?? 'default', signal)
      return list === undefined ? undefined : `${list}/${encodeURIComponent(metadata.name)}`
    },
  }
}

function rootOf(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
}

async function resourcesAt(api: Api, apiVersion: string, signal?: AbortSignal): Promise<readonly Resource[]> {
  const { status, text } = await ask(api, { path: rootOf(apiVersion), signal, accept: [404] })
  if (status === 404) return []
  const { resources } = JSON.parse(text) as { resources?: readonly Resource[] }
  if (!resources) throw new Failure('cluster-refused', `The API server does not list the kinds of ${apiVersion}.`)
  return resources.filter(({ name }) => !name.includes('/'))
}
