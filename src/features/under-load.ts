import type { KubernetesObject } from '../model/mesh.ts'
import type { ProbeAnswer, ProbeRequest } from '../model/platform.ts'
import { type Shown, VERSIONS, type Where } from './feature-probe.ts'

/** How a feature is put on the server of a load, so that its cost is measured. */
export type UnderLoad =
  | {
      /**
       * By mesh, where they are others than those of the probe: a limit that the load stays below, a path that the load asks for. They
       * name the Service of the probe; see `aimedAt`.
       */
      readonly objects?: Readonly<Record<string, (where: Where) => readonly KubernetesObject[]>>
      /** Requests to the server of the load that show it; absent where none can, and the objects are all that is seen. */
      readonly shows?: (bench: LoadBench) => Promise<Shown>
      /** Meshes on which no request shows it, although it does on others. */
      readonly unseenOn?: readonly string[]
      /** The server is sent more requests than its clients send, by which their proxies' counters differ. */
      readonly copies?: true
      /** Why it is measured only where it is asked for by its name; absent where it is one of those that are measured unasked. */
      readonly unasked?: string
    }
  /** Why its cost cannot be measured like this. */
  | { readonly unfit: string }

/** What can be asked of the server of a load, outside of its windows. */
export interface LoadBench {
  /** Requests to it, one after the other, from the pod of the load generator. */
  ask(request: Pick<ProbeRequest, 'path' | 'headers'> & { readonly count: number }): Promise<readonly ProbeAnswer[]>
  /** How many requests the mesh carried meanwhile, by its counters; undefined where it counts none. */
  carried(act: () => Promise<unknown>): Promise<number | undefined>
}

/** The Service of two servers of which one fails. */
const MIXED = 'probe-mixed'

/** Objects of a probe for another Service, whose pods have its name as their label `app`. */
export function aimedAt<Tree>(service: string, tree: Tree): Tree {
  if (typeof tree === 'string') return tree.replace(VERSIONS, service).replace(MIXED, service) as Tree
  if (Array.isArray(tree)) return tree.map((one) => aimedAt(service, one)) as Tree
  if (tree === null || typeof tree !== 'object') return tree
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, aimedAt(service, value)])) as Tree
}
