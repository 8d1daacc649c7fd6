import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { parsePrometheus } from '../../src/meshes/prometheus.ts'
import type { ContainerFact, Counters, PodFact } from '../../src/model/mesh.ts'

/** The text of a captured file. */
export function captured(path: string): string {
  return gunzipSync(readFileSync(new URL(`../captured/${path}.gz`, import.meta.url))).toString()
}

/** One pod's metrics at both snapshots: `istio-sidecar/server-http` reads `-before` and `-after`. */
export function edges(path: string, afterPath = path): Counters[string][number] {
  return {
    pod: path,
    node: 'server',
    before: parsePrometheus(captured(`${path}-before.prom`)),
    after: parsePrometheus(captured(`${afterPath}-after.prom`)),
  }
}

interface ApiContainer {
  readonly name: string
  readonly image: string
  readonly restartPolicy?: string
  readonly resources?: { readonly limits?: { readonly cpu?: string; readonly memory?: string } }
  readonly env?: readonly { readonly name: string; readonly value?: string }[]
}

interface ApiPod {
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly spec: { readonly containers: readonly ApiContainer[]; readonly initContainers?: readonly ApiContainer[] }
}

/** Pods as `kubectl get pods -o json` told them. */
export function podFacts(path: string): PodFact[] {
  const { items } = JSON.parse(captured(path)) as { readonly items: readonly ApiPod[] }
  return items.map(({ metadata, spec }) => ({
    name: metadata.name,
    namespace: metadata.namespace,
    uid: metadata.name,
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    node: 'server',
    address: '10.244.0.2',
    containers: [
      ...(spec.initContainers ?? []).filter((one) => one.restartPolicy === 'Always'),
      ...spec.containers,
    ].map(containerFact),
  }))
}

function containerFact({ name, image, resources, env }: ApiContainer): ContainerFact {
  const limits = resources?.limits ?? {}
  return {
    name,
    image,
    imageId: `docker.io/library/import@sha256:${'ab'.repeat(4)}`,
    id: name,
    restarts: 0,
    ready: true,
    ...(limits.cpu !== undefined && { cpuLimit: Number(limits.cpu) }),
    ...(limits.memory !== undefined && { memoryLimit: Number.parseInt(limits.memory, 10) * 1024 ** 3 }),
    env: Object.fromEntries((env ?? []).flatMap((one) => (one.value === undefined ? [] : [[one.name, one.value]]))),
  }
}
