import { describe, expect, it } from 'vitest'
import { meshes } from '../../src/meshes/index.ts'
import { limitSettings, resourcesFor, settingsOf } from '../../src/meshes/settings.ts'
import { Failure } from '../../src/model/failure.ts'
import type { Mesh } from '../../src/model/mesh.ts'

const sidecar = meshes['envoy-sidecar'] as Mesh

function failureOf(attempt: () => unknown): Failure {
  try {
    attempt()
  } catch (error) {
    return Failure.from(error)
  }
  throw new Error('nothing was refused')
}

describe('settings of an arm', () => {
  it("are its mesh's for the profile", () => {
    const settings = settingsOf(sidecar, 'equalised', { name: 'a' })
    expect(settings).toEqual({ concurrency: 2, accessLog: false, retries: 0 })
    expect(settingsOf(sidecar, 'defaults', { name: 'a' })['concurrency']).toBe(0)
  })

  it('are overridden by its values', () => {
    const values = { concurrency: 4, accessLog: true }
    expect(settingsOf(sidecar, 'equalised', { name: 'a', values })).toEqual({ ...values, retries: 0 })
  })

  it('are refused by name when unknown, with what there is', () => {
    const failure = failureOf(() => settingsOf(sidecar, 'equalised', { name: 'a', values: { threads: 4 } }))
    expect(failure.message).toContain('sets threads')
    expect(failure.remedy).toContain('concurrency, accessLog, retries')
    expect(failure.exitCode).toBe(2)
  })

  it.each([-1, 1.5, '2', true, null])('refuse %j as a number', (concurrency) => {
    const failure = failureOf(() => settingsOf(sidecar, 'equalised', { name: 'a', values: { concurrency } }))
    expect(failure.message).toContain('is not a whole number from 0')
  })

  it('refuse anything else but a boolean where one is wanted', () => {
    const failure = failureOf(() => settingsOf(sidecar, 'equalised', { name: 'a', values: { accessLog: 'yes' } }))
    expect(failure.message).toContain('is not a boolean')
  })

  it.each([
    [0.2, '100m'],
    [0.05, '50m'],
    [2, '100m'],
  ])('take a CPU limit of %j cores, and ask for %s', (cpuLimit, asked) => {
    const limited: Mesh = { ...sidecar, settings: limitSettings }
    const settings = settingsOf(limited, 'defaults', { name: 'a', values: { cpuLimit } })
    expect(resourcesFor(settings, { cpu: '100m', memory: 128 })).toEqual({
      requests: { cpu: asked, memory: '128Mi' },
      limits: { cpu: String(cpuLimit) },
    })
  })

  it('refuse a CPU limit below 0', () => {
    const limited: Mesh = { ...sidecar, settings: limitSettings }
    const failure = failureOf(() => settingsOf(limited, 'defaults', { name: 'a', values: { cpuLimit: -0.1 } }))
    expect(failure.message).toContain('is not a number from 0')
  })
})
