import { expect, it } from 'vitest'
import { Failure } from '../../../../src/model/failure.ts'
import { memoryNeeded } from '../../../../src/platforms/kind/check/capacity.ts'
import { probeKind } from '../../../../src/platforms/kind/check/probe.ts'
import { PUBLIC_SITE } from '../../../../src/site/read-site.ts'
import { parsed, written } from '../../../scenario/written.ts'
import { machine } from './machine.ts'

const scenario = parsed(written({ arms: '[none, istio-sidecar, linkerd]' }))

it('finds nothing in the way where every image is here, and asks no registry', async () => {
  const { readers, asked } = machine()
  expect(await probeKind(readers).hindrance(scenario, PUBLIC_SITE)).toBeUndefined()
  expect(asked).toEqual([])
})

it('asks each registry once', async () => {
  const { readers, asked } = machine({ here: () => false })
  expect(await probeKind(readers).hindrance(scenario, PUBLIC_SITE)).toBeUndefined()
  expect(asked).toEqual([PUBLIC_SITE.kind.nodeImage, expect.stringMatching(/^cr\.l5d\.io\/linkerd\//)])
})

it('says which image cannot be had, and why', async () => {
  const { readers } = machine({ here: () => false, refused: () => 'no such host' })
  expect(await probeKind(readers).hindrance(scenario, PUBLIC_SITE)).toMatchObject({
    cause: expect.stringMatching(/kindest\/node.*cr\.l5d\.io.*no such host/),
    remedy: expect.stringContaining('--site'),
  })
})

it('names every image of a registry that does not answer, and only the one that an answer is about', async () => {
  const said = async (cause: string) =>
    (await probeKind(machine({ here: () => false, refused: () => cause }).readers).hindrance(scenario, PUBLIC_SITE))
      ?.cause
  expect(await said('no such host')).toMatch(/kindest\/node.*fortio.*busybox.*pilot.*proxyv2.*controller.*proxy:edge/)
  expect(await said('no such manifest')).not.toMatch(/fortio/)
})

it('does not ask a daemon elsewhere', async () => {
  const { readers } = machine({ endpoint: { host: 'ssh://far.example', named: 'DOCKER_HOST' } })
  expect(await probeKind(readers).hindrance(scenario, PUBLIC_SITE)).toEqual({
    cause: expect.stringMatching(/not on this machine: DOCKER_HOST is ssh:\/\/far.example/),
    remedy: expect.stringContaining('unset DOCKER_HOST'),
  })
})

it('says why Docker does not answer', async () => {
  const dockerDown = new Failure('docker-unreachable', 'the Docker daemon does not answer', {
    cause: 'x',
    remedy: 'y.',
  })
  const probe = probeKind(machine({ dockerDown }).readers)
  expect(await probe.hindrance(scenario, PUBLIC_SITE)).toEqual({
    cause: 'the Docker daemon does not answer (x)',
    remedy: 'y',
  })
  expect(await probe.memory()).toBeUndefined()
})

it('measures memory where the daemon is', async () => {
  expect(await probeKind(machine().readers).memory()).toBe(20 * 1024 ** 3)
  expect(await probeKind(machine({ readers: { os: 'darwin' } }).readers).memory()).toBeLessThan(25276514304)
})

it('needs memory for every arm that is frozen, but only for the largest where one stands at a time', () => {
  const arms = [{ mesh: 'none' }, { mesh: 'istio-sidecar' }]
  expect(memoryNeeded(arms, 'frozen')).toBeGreaterThan(memoryNeeded(arms, 'sequential'))
  expect(memoryNeeded([...arms, ...arms], 'sequential')).toBe(memoryNeeded(arms, 'sequential'))
  expect(memoryNeeded(arms, 'sequential')).toBeGreaterThan(memoryNeeded([{ mesh: 'none' }], 'sequential'))
  // One cluster with the mesh of one arm, in which the other only has a namespace.
  expect(memoryNeeded(arms, 'shared')).toBe(memoryNeeded(arms, 'sequential'))
  expect(memoryNeeded(arms, 'frozen')).toBeGreaterThan(memoryNeeded(arms, 'shared'))
})
