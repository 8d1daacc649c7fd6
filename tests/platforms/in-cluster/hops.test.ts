import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { NodePart, PodFact } from '../../../src/model/mesh.ts'
import { armMesh } from '../../../src/platforms/in-cluster/arm-mesh.ts'
import type { ClusterArm, OnNode } from '../../../src/platforms/in-cluster/cluster-arm.ts'
import { nodeMeter, openWindow } from '../../../src/platforms/in-cluster/cluster-window.ts'
import { PUBLIC_SITE } from '../../../src/site/read-site.ts'
import { edgeText } from './usage/captured.ts'

const metrics = (name: string) =>
  gunzipSync(readFileSync(new URL(`../../captured/istio-sidecar/${name}.prom.gz`, import.meta.url))).toString()

const pod = (name: string, app: string, tier?: string, behind = true): PodFact => ({
  ...{
    name,
    namespace: 'bench',
    uid: name,
    annotations: {},
    node: app === 'client' ? 'client' : 'server',
    address: '',
  },
  labels: { app, ...(tier !== undefined && { 'meshbench.io/tier': tier }) },
  ...(tier !== undefined && behind && { tier }),
  containers: [],
})

/** Client and entrance, and a tier behind; what their proxies counted is what they really counted, of requests or of none. */
const PODS = [pod('client', 'client'), pod('front-x', 'server', 'front', false), pod('cart-x', 'server', 'cart')]

/** `plain`: pods whose proxies let requests in without mutual TLS. */
function armOf(counted: Readonly<Record<string, string>>): ClusterArm {
  const reads = new Map<string, number>()
  const edge = new Map<NodePart, number>()
  return {
    of: armMesh({ name: 'sidecar', mesh: 'istio-sidecar' }, { profile: 'equalised', loads: [] }, PUBLIC_SITE),
    cluster: {
      proxyGet: async ({ pod: name }: { pod: string }) => {
        const read = reads.get(name) ?? 0
        reads.set(name, read + 1)
        return metrics(`${counted[name]}-${read === 0 ? 'before' : 'after'}`)
      },
    },
    nodes: { control: 'control', client: 'client', server: 'server' },
    machines: ['client'],
    cpus: { control: 2, client: 2, server: 2 },
    isHere: false,
    onNode: async (part: NodePart) => {
      const read = edge.get(part) ?? 0
      edge.set(part, read + 1)
      return edgeText('load', part, read === 0 ? 'before' : 'after')
    },
  } as unknown as ClusterArm
}

async function observed(counted: Readonly<Record<string, string>>, asked?: string) {
  const arm = armOf(counted)
  const options = { arm, pods: PODS, facts: [], signal: new AbortController().signal }
  const window = await openWindow(options, nodeMeter(options, arm.onNode as OnNode), asked)
  return await window.close()
}

const named = (evidence: readonly { name: string; holds?: boolean | undefined }[], name: string) =>
  evidence.find((one) => one.name === name)

describe('a window', () => {
  it('tells how many series all proxies expose at its end, and in how many bytes', async () => {
    const after = ['client-http', 'server-http', 'server-unasked'].map((name) => metrics(`${name}-after`))
    const samples = after.flatMap((text) => text.split('\n').filter((line) => line !== '' && !line.startsWith('#')))
    const { exposed } = await observed({ client: 'client-http', 'front-x': 'server-http', 'cart-x': 'server-unasked' })
    expect(exposed).toEqual({ series: samples.length, bytes: Buffer.byteLength(after.join('')) })
    expect(samples.length).toBeGreaterThan(300)
  })
})

describe('tiers behind the entrance', () => {
  it('have their requests and their proof by themselves', async () => {
    const { hops, evidence, carried } = await observed({
      client: 'client-http',
      'front-x': 'server-http',
      'cart-x': 'server-http',
    })
    expect(carried?.requests).toBeGreaterThan(0)
    expect(hops).toEqual({ cart: carried?.requests })
    expect(named(evidence, 'mtls')).toMatchObject({ holds: true })
    expect(named(evidence, 'mtls-cart')).toMatchObject({ holds: true, seen: expect.stringMatching(/^cart: /) })
  })

  it('contradict the arm where requests came to them without mutual TLS', async () => {
    const { evidence } = await observed({ client: 'client-http', 'front-x': 'server-http', 'cart-x': 'server-plain' })
    expect(named(evidence, 'mtls')).toMatchObject({ holds: true })
    expect(named(evidence, 'mtls-cart')).toMatchObject({ holds: false })
  })

  it('prove nothing where nobody asked them', async () => {
    const { hops, evidence } = await observed({
      client: 'client-http',
      'front-x': 'server-http',
      'cart-x': 'server-unasked',
    })
    expect(hops).toEqual({ cart: 0 })
    expect(named(evidence, 'mtls-cart')).not.toHaveProperty('holds')
  })

  it('change places with the entrance where a load asks them', async () => {
    const { hops, evidence } = await observed(
      { client: 'client-http', 'front-x': 'server-unasked', 'cart-x': 'server-http' },
      'cart',
    )
    expect(hops).toEqual({ front: 0 })
    expect(named(evidence, 'mtls')).toMatchObject({ holds: true })
    expect(named(evidence, 'mtls-front')).toBeDefined()
  })
})
