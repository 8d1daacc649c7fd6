import { describe, expect, it } from 'vitest'
import type { ApiRequest } from '../../src/kubernetes/api.ts'
import { apply, resourcesOf } from '../../src/kubernetes/objects.ts'
import { Failure } from '../../src/model/failure.ts'
import { fakeApi, refusal } from './fake-api.ts'

const KINDS = {
  resources: [
    { name: 'namespaces', kind: 'Namespace', namespaced: false },
    { name: 'pods', kind: 'Pod', namespaced: true },
    { name: 'pods/exec', kind: 'Pod', namespaced: true },
  ],
}
const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'server', namespace: 'bench' } }
const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'bench' } }
const signal = new AbortController().signal

function applying(patch: (request: ApiRequest, count: number) => unknown) {
  let count = 0
  return fakeApi((request) => (request.method === 'GET' ? KINDS : patch(request, ++count)))
}

describe('apply', () => {
  it('makes the namespace before the pod, by server-side apply', async () => {
    const { api, asked } = applying(() => ({}))
    await apply(api, resourcesOf(api), [pod, namespace], signal)
    expect(asked.filter((line) => line.startsWith('PATCH'))).toEqual([
      'PATCH /api/v1/namespaces/bench?fieldManager=meshbench&force=true',
      'PATCH /api/v1/namespaces/bench/pods/server?fieldManager=meshbench&force=true',
    ])
  })

  it('asks for the kinds of a version once', async () => {
    const { api, asked } = applying(() => ({}))
    await apply(api, resourcesOf(api), [pod, pod, pod], signal)
    expect(asked.filter((line) => line === 'GET /api/v1')).toHaveLength(1)
  })

  it('tries again while a webhook cannot be reached', async () => {
    const { api, asked } = applying((_, count) =>
      count === 1 ? refusal(500, 'failed calling webhook "x": connection refused') : {},
    )
    await apply(api, resourcesOf(api), [pod], signal)
    expect(asked.filter((line) => line.startsWith('PATCH'))).toHaveLength(2)
  })

  it('tries again after a connection that broke', async () => {
    const { api } = applying((_, count) => (count === 1 ? new Error('other side closed') : {}))
    await expect(apply(api, resourcesOf(api), [pod], signal)).resolves.toBeUndefined()
  })

  it('gives up at once on what is wrong, and says what', async () => {
    const { api, asked } = applying(() => refusal(422, 'spec.containers: Required value'))
    const failure = await apply(api, resourcesOf(api), [pod], signal).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(Failure)
    expect(failure).toMatchObject({ code: 'apply', message: 'Pod bench/server could not be applied.' })
    expect((failure as Failure).why).toBe('spec.containers: Required value (422)')
    expect(asked.filter((line) => line.startsWith('PATCH'))).toHaveLength(1)
  })

  it('keeps the last reason when patience ends', async () => {
    const { api } = applying(() => refusal(503, 'no endpoints available for service "istiod"'))
    const failure = await apply(api, resourcesOf(api), [pod], signal, 0.2).catch((error: unknown) => error)
    expect((failure as Failure).why).toContain('no endpoints available')
  })

  it('stops when it is aborted', async () => {
    const { api } = applying(() => refusal(503, 'busy'))
    const abort = new AbortController()
    const applied = apply(api, resourcesOf(api), [pod], abort.signal)
    abort.abort(new Error('enough'))
    await expect(applied).rejects.toThrow()
  })
})
