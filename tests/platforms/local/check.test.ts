import { describe, expect, it } from 'vitest'
import { Failure } from '../../../src/model/failure.ts'
import type { Finding } from '../../../src/model/platform.ts'
import type { Arm } from '../../../src/model/scenario.ts'
import type { Program } from '../../../src/model/site.ts'
import { checkPlan, coresFinding, type Locate, programsFor } from '../../../src/platforms/local/check-local.ts'
import { loadOf, planOf } from './scene.ts'

const program = (name: Program['name']): Program => ({
  name,
  path: `/bin/${name}`,
  provenance: { name, version: '1.40.0', origin: 'path' },
})
const here: Locate = async (name) => program(name)
const http = loadOf('http')
const errors = (findings: readonly Finding[]) => findings.filter(({ severity }) => severity === 'error')
const check = async (arm: Partial<Arm>, load = http) =>
  errors(await checkPlan(planOf([{ name: 'a', mesh: 'envoy-sidecar', ...arm }], [load]), here, 'linux'))

describe('programs', () => {
  it('are those that the plan needs', () => {
    const none: Arm = { name: 'none', mesh: 'none' }
    const sidecar: Arm = { name: 'sidecar', mesh: 'envoy-sidecar' }
    expect(programsFor(planOf([none], [http]))).toEqual(['fortio'])
    expect(programsFor(planOf([none, sidecar], [loadOf('http', { tool: 'k6' })]))).toEqual(['fortio', 'envoy', 'k6'])
  })
})

describe.runIf(process.platform === 'linux')('check', () => {
  it('finds nothing wrong with a plan that works', async () => {
    expect(await check({})).toEqual([])
  })

  it.each([
    ['a protocol that the mesh does not carry', {}, 'tcp', 'does not carry tcp'],
    ['a version that is not here', { version: '1.39.0' }, 'http', 'asks for Envoy 1.39.0, and 1.40.0'],
    ['a version of nothing', { mesh: 'none', version: '1' }, 'http', 'names a version'],
    ['a mesh that needs Kubernetes', { mesh: 'istio-sidecar' }, 'http', 'cannot be built from processes'],
    ['a setting that does not exist', { values: { threads: 1 } }, 'http', 'sets threads'],
    ['a delay where none can be injected', { inject: { delay: 0.001 } }, 'grpc', 'no delay can be injected'],
  ] as const)('refuses %s', async (_, arm, protocol, message) => {
    const found = await check(arm, loadOf(protocol))
    expect(found).toHaveLength(1)
    expect(found[0]?.message).toContain(message)
    expect(found[0]?.remedy).toBeTruthy()
  })

  it('refuses more connections than files may be open', async () => {
    const found = await check({}, loadOf('http', { connections: 1e9 }))
    expect(found[0]?.message).toContain('open files')
    expect(found[0]?.remedy).toContain('ulimit')
  })

  it('passes on why a configured program cannot be used', async () => {
    const broken: Locate = async () => {
      throw new Failure('program-unusable', 'MESHBENCH_FORTIO names nothing', { remedy: 'Unset it.' })
    }
    const found = errors(await checkPlan(planOf([{ name: 'none', mesh: 'none' }], [http]), broken, 'linux'))
    expect(found).toEqual([{ severity: 'error', message: 'MESHBENCH_FORTIO names nothing', remedy: 'Unset it.' }])
  })

  it('says that a program will be fetched', async () => {
    const findings = await checkPlan(planOf([{ name: 'none', mesh: 'none' }], [http]), async () => undefined, 'linux')
    expect(findings[0]?.message).toContain('will be downloaded')
  })
})

it('needs Linux, and says what to use elsewhere', async () => {
  const [only, ...more] = await checkPlan(planOf([], []), here, 'darwin')
  expect(more).toEqual([])
  expect(only).toMatchObject({ severity: 'error', remedy: expect.stringContaining('--platform kind') })
})

it('warns where there are too few cores for everybody', () => {
  expect(coresFinding(2).severity).toBe('warning')
  expect(coresFinding(8).severity).toBe('ok')
})
