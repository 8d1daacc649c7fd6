import { describe, expect, it, vi } from 'vitest'
import type { Pod } from '../../src/kubernetes/pods.ts'
import { untilReady } from '../../src/kubernetes/until-ready.ts'
import type { Failure } from '../../src/model/failure.ts'
import { fakeApi, refusal } from './fake-api.ts'
import { podWith } from './pods.ts'

const server = { kind: 'Pod', namespace: 'bench', name: 'server' } as const
const signal = new AbortController().signal
const ready: Pod = { ...podWith({ ready: true }), status: { conditions: [{ type: 'Ready', status: 'True' }] } }
const crashing = podWith({ restartCount: 3, state: { waiting: { reason: 'CrashLoopBackOff' } } })

function serving(pods: () => readonly Pod[], log = '') {
  return fakeApi(({ path }) => {
    if (path.includes('/log?')) return log
    if (path.includes('/events')) return { items: [] }
    return path.endsWith('/pods') ? { metadata: { resourceVersion: '1' }, items: pods() } : refusal(404, 'not found')
  })
}

describe('untilReady', () => {
  it('is done when all are ready', async () => {
    const { api } = serving(() => [ready])
    await expect(untilReady(api, [server], 60, signal)).resolves.toBeUndefined()
  })

  it('sees a change', async () => {
    let pods: readonly Pod[] = []
    const { api, change } = serving(() => pods)
    const done = untilReady(api, [server], 60, signal)
    setTimeout(() => {
      pods = [ready]
      change()
    }, 20)
    await expect(done).resolves.toBeUndefined()
  })

  it('gives up early on a crash loop, with the last words of the container', async () => {
    const { api } = serving(() => [crashing], 'fatal: no such setting\n')
    const failure = (await untilReady(api, [server], 60, signal).catch((error: unknown) => error)) as Failure
    expect(failure.message).toBe('Pod bench/server cannot become ready.')
    expect(failure.why).toContain('container main: it was started 4 times')
    expect(failure.why).toContain('its log ends with: fatal: no such setting')
    expect(failure.remedy).toBeDefined()
  })

  it('does not trust the first moment after a crash', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      let pods = [podWith({ restartCount: 1, state: { waiting: { reason: 'CrashLoopBackOff' } } })]
      const { api, asked, change } = serving(() => pods)
      let isDone = false
      const done = untilReady(api, [server], 60, signal).then(() => {
        isDone = true
      })
      await vi.waitUntil(() => asked.length === 1)
      pods = [ready]
      change()
      await vi.waitUntil(() => asked.length === 2)
      await vi.advanceTimersByTimeAsync(5000)
      expect(isDone).toBe(false)
      await vi.advanceTimersByTimeAsync(5000)
      await done
    } finally {
      vi.useRealTimers()
    }
  })

  it('says what is missing when the time is over', async () => {
    const { api } = serving(() => [])
    const failure = (await untilReady(api, [server], 0.05, signal).catch((error: unknown) => error)) as Failure
    expect(failure.code).toBe('not-ready')
    expect(failure.why).toContain('it does not exist')
  })

  it('says what there is in place of what is missing', async () => {
    const canary = { metadata: { name: 'istiod-canary' } }
    const { api } = fakeApi(({ path }) => ({
      metadata: { resourceVersion: '1' },
      items: path.endsWith('/deployments') ? [canary] : [],
    }))
    const istiod = { kind: 'Deployment', namespace: 'istio-system', name: 'istiod' } as const
    const failure = (await untilReady(api, [istiod], 0.5, signal).catch((error: unknown) => error)) as Failure
    expect(failure.why).toContain('it does not exist; there is istiod-canary')
    expect(failure.remedy).toContain('values of the arm')
  })

  it('waits for a kind that is not known yet', async () => {
    const { api } = serving(() => [])
    const gateway = { kind: 'Gateway', namespace: 'bench', name: 'waypoint' } as const
    const failure = (await untilReady(api, [gateway], 0.05, signal).catch((error: unknown) => error)) as Failure
    expect(failure.message).toContain('Gateway bench/waypoint was not ready')
  })

  it('stops when it is aborted', async () => {
    const { api } = serving(() => [])
    const abort = new AbortController()
    const done = untilReady(api, [server], 60, abort.signal)
    abort.abort(new Error('enough'))
    await expect(done).rejects.toThrow('enough')
  })

  it('gives up what may not stay unready for long, and what comes back in time not', async () => {
    const node = { kind: 'Node', namespace: '', name: 'spot', hopelessAfter: 0.2 } as const
    const ready = { metadata: { name: 'spot', uid: 'n' }, status: { conditions: [{ type: 'Ready', status: 'True' }] } }
    const began = performance.now()
    const gone = untilReady(fakeApi(() => ({ items: [] })).api, [node], 60, signal)
    await expect(gone).rejects.toMatchObject({
      code: 'node-gone',
      message: 'Node spot cannot become ready.',
      why: 'it does not exist',
    })
    expect(performance.now() - began).toBeGreaterThan(150)
    let items: object[] = []
    const { api, change } = fakeApi(() => ({ items }))
    const back = untilReady(api, [{ ...node, hopelessAfter: 5 }], 60, signal)
    items = [ready]
    await new Promise((done) => setTimeout(done, 50))
    change()
    await back
  })
})
