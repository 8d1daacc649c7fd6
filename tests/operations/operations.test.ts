import { describe, expect, it } from 'vitest'
import { meshes } from '../../src/meshes/index.ts'
import { changeIn } from '../../src/operations/change.ts'
import { operations } from '../../src/operations/index.ts'
import type { OperationSite, TimedAnswer } from '../../src/operations/operation-steps.ts'
import { loadOf } from '../build/scenario.ts'

const kinds = {
  isNew: ({ status }: TimedAnswer) => status === undefined,
  isOld: ({ status }: TimedAnswer) => status !== undefined,
}

/** Ten answers a second from 0 on: each is old (o) or new (n). */
function answers(kinds: string): TimedAnswer[] {
  return [...kinds].map((kind, index) => {
    const headers = { 'x-meshbench-route': kind === 'o' ? 'old' : 'new' }
    return { sentAt: index / 10, at: index / 10 + 0.05, headers, ...(kind === 'o' && { status: 200 }) }
  })
}

describe('when a change was seen everywhere', () => {
  it('is the first answer after which none is old, and the mixed ones are counted', () => {
    // The change is made at 1 s; the first new answer is sent at 1.2 s, the last old one at 1.4 s.
    const told = changeIn(answers(`${'o'.repeat(12)}non${'n'.repeat(1)}${'n'.repeat(12)}`), 1, kinds)
    expect(told.mixed).toBe(1)
    expect(told.until).toBeCloseTo(0.45, 5)
  })

  it('is unknown where old answers come to the end, or too few were looked at after the last of them', () => {
    expect(changeIn(answers('o'.repeat(40)), 1, kinds)).toEqual({ mixed: 0, answers: 30 })
    expect(changeIn(answers(`${'o'.repeat(20)}${'n'.repeat(9)}`), 1, kinds).until).toBeUndefined()
    expect(changeIn(answers(`${'o'.repeat(20)}${'n'.repeat(10)}`), 1, kinds).until).toBeCloseTo(1.05, 5)
  })

  it('proves nothing where answers were new before it', () => {
    expect(() => changeIn(answers('n'.repeat(40)), 1, kinds)).toThrow(/0 of 10 answers before the change/)
    expect(() => changeIn(answers(`oon${'o'.repeat(40)}`), 1, kinds)).toThrow(/9 of 10 answers before the change/)
  })
})

describe('arms that cannot have an operation', () => {
  const lack = (operation: string, mesh: string, values?: Record<string, unknown>) =>
    operations[operation]?.lack(meshes[mesh] as NonNullable<(typeof meshes)[string]>, values ? { values } : {})

  it('are those without a mesh, for what a mesh has', () => {
    const without = Object.values(operations).filter(({ name }) => lack(name, 'none') === undefined)
    expect(without.map(({ name }) => name)).toEqual(['server-rollout', 'server-scale', 'node-drained'])
  })

  it('are those that take no route, or not as they are set', () => {
    expect(lack('route-changed', 'istio-ambient')).toContain('no HTTPRoutes')
    expect(lack('route-changed', 'istio-sidecar')).toContain('gatewayApi: true')
    expect(lack('route-changed', 'istio-sidecar', { gatewayApi: true })).toBeUndefined()
    expect(lack('route-changed', 'linkerd')).toBeUndefined()
  })

  it('are none of the meshes in clusters, for proxies and control planes', () => {
    for (const mesh of ['istio-sidecar', 'istio-ambient', 'istio-ambient-waypoint', 'linkerd', 'kuma']) {
      expect([mesh, lack('proxy-killed', mesh), lack('control-plane-down', mesh)]).toEqual([mesh, undefined, undefined])
    }
  })
})

/** A site that notes what is asked of it. */
function site(changes: Partial<OperationSite> = {}): { readonly did: string[]; readonly site: OperationSite } {
  const did: string[] = []
  const noted =
    <Value>(what: string, value: Value) =>
    async (): Promise<Value> => {
      did.push(what)
      return value
    }
  const all: OperationSite = {
    namespace: 'bench',
    wait: async (seconds) => void did.push(`wait ${seconds}`),
    rollOut: noted('roll out', { ready: 2, gone: 3 }),
    scale: async (pods) => {
      did.push(`scale ${pods}`)
      return 2
    },
    killProxy: noted('kill proxy', { what: 'bench/server/proxy', ready: 1 }),
    restartProxy: noted('restart proxy', { what: 'Deployment bench/waypoint', ready: 1 }),
    renewProxy: noted('renew proxy', undefined),
    stopControlPlane: noted('stop control plane', ['istiod']),
    startControlPlane: noted('start control plane', 4),
    makePod: noted('make pod', 5),
    removePod: noted('remove pod', undefined),
    drain: noted('drain', 2),
    uncordon: noted('uncordon', undefined),
    refusalOf: () => [],
    apply: noted('apply', undefined),
    remove: noted('remove', undefined),
    ask: async () => answers(`${'o'.repeat(12)}${'n'.repeat(20)}`),
    clock: noted('clock', 1),
    ...changes,
  }
  return { did, site: all }
}

const { signal } = new AbortController()
const load = loadOf({ operationAt: 10, duration: 40 })

async function carriedOut(name: string, on: OperationSite, over: AbortSignal = signal) {
  const prepared = await operations[name]?.prepare(on, { ...load, operation: name }, signal)
  const operated = await prepared?.carryOut(over)
  await prepared?.restore()
  return operated
}

describe('the steps of an operation', () => {
  it('take back what lasts beyond the pods of the arm', async () => {
    const restored = async (name: string) => {
      const { did, site: on } = site()
      await carriedOut(name, on)
      return did.at(-1)
    }
    expect(await restored('node-drained')).toBe('uncordon')
    expect(await restored('control-plane-down')).toBe('remove pod')
    expect(await restored('route-changed')).toBe('remove')
    expect(await restored('policy-changed')).toBe('remove')
    expect(await restored('proxy-killed')).toBe('renew proxy')
  })

  it('keep the control plane down for half of what is left, and tell of the pod that was made meanwhile', async () => {
    const { did, site: on } = site()
    expect(await carriedOut('control-plane-down', on)).toMatchObject({ ended: true, pod: { ready: 5, within: 15 } })
    expect(did.slice(0, 4)).toEqual(['stop control plane', 'make pod', 'wait 15', 'start control plane'])
    const refused = site({ makePod: () => Promise.reject(new Error('the webhook refused it')) })
    const operated = await carriedOut('control-plane-down', refused.site)
    expect(operated?.pod).toEqual({ within: 15 })
    expect(operated?.seen.join(' ')).toContain('the webhook refused it')
  })

  it('of a change end without it where the window ends before the answers are there', async () => {
    const over = new AbortController()
    const ask = () => {
      over.abort()
      return Promise.reject(over.signal.reason)
    }
    const operated = await carriedOut('route-changed', site({ ask }).site, over.signal)
    expect(operated).toEqual({ seen: ['The window ended before the answers could be read.'], ended: false })
  })

  it('end with the window, as far as they came', async () => {
    const over = new AbortController()
    const { site: on } = site({
      scale: async (pods) => {
        if (pods > 1) return 3
        over.abort()
        throw over.signal.reason
      },
    })
    const operated = await carriedOut('server-scale', on, over.signal)
    expect(operated).toEqual({ ended: false, seen: ['4 pods were ready after 3 s.'] })
  })

  it('fail where the cluster refuses them', async () => {
    const { site: on } = site({ rollOut: () => Promise.reject(new Error('forbidden')) })
    await expect(carriedOut('server-rollout', on)).rejects.toThrow('forbidden')
  })
})
