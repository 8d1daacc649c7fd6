import { describe, expect, it } from 'vitest'
import type { Arm, Load } from '../../../src/model/scenario.ts'
import { makePlan } from '../../../src/plan/make-plan.ts'
import { armMesh } from '../../../src/platforms/in-cluster/arm-mesh.ts'
import { blueprintOf } from '../../../src/platforms/kind/blueprint.ts'
import type { RunContext } from '../../../src/platforms/kind/run-context.ts'
import { PUBLIC_SITE } from '../../../src/site/read-site.ts'
import { parsed, written } from '../../scenario/written.ts'
import { fakeDocker } from './fake-docker.ts'

const { signal } = new AbortController()
const IMAGES = [PUBLIC_SITE.kind.nodeImage, ...Object.values(PUBLIC_SITE.images)]
const HERE = Object.fromEntries(
  [...IMAGES, 'docker.io/istio/pilot:1.31.1-distroless', 'docker.io/istio/proxyv2:1.31.1-distroless'].map((name) => [
    name,
    `sha256:${name}`,
  ]),
)
const plan = makePlan(parsed(written({ top: 'isolation: frozen', arms: '[none, istio-sidecar]' })))

interface World {
  readonly images?: Readonly<Record<string, string>>
  readonly chart?: string
  readonly helm?: string
  readonly run?: string
  readonly loads?: readonly Load[]
  readonly arm?: Partial<Arm>
}

function keyOf(mesh: string, { images = HERE, chart = 'c', helm = '4', run = 'r', loads, arm = {} }: World = {}) {
  const provenance = (version: string) => ({ provenance: { version, sha256: 'x' } })
  const runContext = {
    plan: { ...plan, scenario: { ...plan.scenario, ...(loads && { loads }) } },
    ...{ run, site: PUBLIC_SITE, docker: fakeDocker({ images }), kind: provenance('1'), helm: provenance(helm) },
    charts: { chart: async () => ({ path: '/p', name: 'n', version: '1', sha256: chart }) },
    manifests: { objects: async () => [] },
  } as unknown as RunContext
  const of = armMesh({ name: mesh, mesh, ...arm }, { profile: 'equalised', loads: [] }, PUBLIC_SITE)
  return blueprintOf(of, runContext, signal).then(({ key }) => key)
}

describe('the key of a cluster', () => {
  it('is the same for the same, in whatever run', async () => {
    expect(await keyOf('istio-sidecar', { run: 'another' })).toBe(await keyOf('istio-sidecar'))
  })

  it('is another one where a chart, an image, a program, a port of the workload or the number of idle services is', async () => {
    const [load] = plan.scenario.loads as [Load]
    const worlds: World[] = [
      {},
      { chart: 'd' },
      { helm: '5' },
      { images: { ...HERE, 'docker.io/istio/pilot:1.31.1-distroless': 'sha256:moved' } },
      { images: { ...HERE, [PUBLIC_SITE.kind.nodeImage]: 'sha256:moved' } },
      { loads: [{ ...load, protocol: 'grpc' }] },
      { arm: { idleServices: 10 } },
      { arm: { idleServices: 11 } },
    ]
    const keys = await Promise.all(worlds.map((world) => keyOf('istio-sidecar', world)))
    expect(new Set(keys).size).toBe(worlds.length)
    expect(keys).not.toContain(undefined)
  })

  it('is none where an image is not here: then nothing is equal to it', async () => {
    const { [PUBLIC_SITE.images.busybox]: _, ...images } = HERE
    expect(await keyOf('none', { images })).toBeUndefined()
  })
})
