import type { KubernetesObject } from '../model/mesh.ts'
import { changing } from './change.ts'
import { NO_MESH, type Operation } from './operation-steps.ts'

const HEADER = 'x-meshbench-route'
const SERVER = { name: 'server', port: 8080 }

/** A route for the server, whose answers name it. */
function route(namespace: string, name: 'old' | 'new'): KubernetesObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'changed-route', namespace },
    spec: {
      parentRefs: [{ group: '', kind: 'Service', ...SERVER }],
      rules: [
        {
          filters: [
            { type: 'ResponseHeaderModifier', responseHeaderModifier: { set: [{ name: HEADER, value: name }] } },
          ],
          backendRefs: [SERVER],
        },
      ],
    },
  }
}

export const routeChanged: Operation = {
  name: 'route-changed',
  title: 'Route changed',
  does: 'The HTTPRoute of the server is changed: answers get another value of a header, by which answers by the old and the new route are told apart.',
  keepsProxies: true,
  protocol: 'http',
  writes: ({ routes }, namespace) => (routes ? [route(namespace, 'old')] : []),
  lack: ({ layer, kubernetes }, { values }) => {
    if (layer === 'none') return NO_MESH
    if (!kubernetes) return undefined
    const { routes } = kubernetes
    if (!routes) return 'it takes no HTTPRoutes for a Service'
    const { setting } = routes
    return setting === undefined || values?.[setting] === true
      ? undefined
      : `it takes HTTPRoutes only with \`values: { ${setting}: true }\``
  },
  async prepare(site, load, signal) {
    const { namespace } = site
    await site.apply([route(namespace, 'old')], signal)
    return changing(site, load, {
      protocol: 'http',
      isNew: ({ headers }) => headers[HEADER] === 'new',
      isOld: ({ headers }) => headers[HEADER] === 'old',
      apply: (during) => site.apply([route(namespace, 'new')], during),
      restore: () => site.remove([route(namespace, 'new')]),
    })
  },
}
