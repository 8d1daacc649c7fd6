import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { Failure } from '../../../src/model/failure.ts'
import type { RunningArm } from '../../../src/model/platform.ts'
import type { Arm, Load } from '../../../src/model/scenario.ts'
import { startEnvoy } from '../../../src/platforms/local/envoy/start-envoy.ts'
import { untilAnswered } from '../../../src/platforms/local/local-answers.ts'
import { familyOf } from '../../../src/platforms/local/proc.ts'
import { testFolder } from '../../temporary-folder.ts'
import { opened } from '../opened.ts'
import { missing, platform, programOf } from './programs.ts'
import { cohort, loadOf, planOf, raise } from './scene.ts'

const RUN = `test-${process.pid}`
const signal = new AbortController().signal
const ARMS = ['none', 'envoy-sidecar', 'envoy-node', 'envoy-node-waypoint'].map((mesh): Arm => ({ name: mesh, mesh }))
const http = loadOf('http')

async function open(arms: readonly Arm[], loads: readonly Load[] = [http], run = RUN) {
  return await opened(platform.open(planOf(arms, loads), cohort, { id: run }, signal))
}

const fortio = (runningArm: RunningArm, load: Load, ...flags: string[]) =>
  runningArm.exec(
    {
      program: 'fortio',
      argv: ['load', '-quiet', '-json', '-', '-c', '4', ...flags, runningArm.target(load)],
      within: 20,
    },
    signal,
  )

async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error instanceof Failure) return error
  throw new Error('a Failure was expected', { cause: error })
}

const leftovers = async (run: string) => (await platform.leftovers()).filter((left) => left.run === run)
const portOf = (runningArm: RunningArm) => Number(new URL(runningArm.target(http)).port)

/** Process ids by name of program, for those that a run has started. */
async function processesOf(run: string, program: string): Promise<number[]> {
  const found = (await leftovers(run)).map(({ what }) => /^process (\d+) \((.+)\)$/.exec(what))
  return found.filter((match) => match?.[2] === program).map((match) => Number(match?.[1]))
}

describe.skipIf(missing)(`real processes${missing ? ` (${missing})` : ''}`, () => {
  afterAll(async () => {
    for (const left of await leftovers(RUN)) await left.remove()
  })

  it.each(ARMS)('$name carries load, proves what it is, and leaves nothing', async (arm) => {
    const loads = [http, loadOf('http2'), loadOf('grpc'), loadOf('tcp')]
    const testbed = await open([arm], loads)
    const runningArm = await raise(testbed, arm)
    const window = await runningArm.observe()
    const { exitCode, stdout } = await fortio(runningArm, http, '-qps', '400', '-n', '200', '-uniform')
    const { usage, evidence, carried, seconds, host } = await window.close()

    expect(exitCode).toBe(0)
    expect(JSON.parse(stdout).RetCodes).toEqual({ 200: 200 })
    expect(evidence.filter(({ holds }) => holds === false)).toEqual([])
    expect(evidence.find(({ name }) => name === 'path')?.holds).toBe(true)
    expect(evidence.find(({ name }) => name === 'mtls')?.holds).toBe(arm.name === 'none' ? undefined : true)
    if (arm.name === 'none') expect(carried).toBeUndefined()
    // The last connection of the question that raising asked may still have been open at the first snapshot.
    else if (arm.name === 'envoy-node') expect([4, 5]).toContain(carried?.connections)
    // fortio opens each connection with a request that it does not count.
    else expect(carried?.requests).toBeGreaterThanOrEqual(200)
    expect(seconds).toBeGreaterThan(0.4)
    expect(host?.cores).toBeGreaterThan(0)
    expect(usage.map(({ component }) => component)).toContain('generator')
    for (const { component, cpuSeconds, memoryBytes, role } of usage) {
      expect(cpuSeconds, component).toBeGreaterThan(0)
      if (role !== 'generator') expect(memoryBytes, component).toBeGreaterThan(5e6)
    }

    const unsupported = arm.name === 'envoy-sidecar' || arm.name === 'envoy-node-waypoint'
    if (unsupported) expect(() => runningArm.target(loadOf('tcp'))).toThrow('does not carry tcp')
    else expect(runningArm.target(loadOf('tcp'))).toMatch(/^tcp:/)
    const h2 = await fortio(
      runningArm,
      loadOf('http2'),
      '-h2',
      '-stdclient',
      '-qps',
      '-1',
      '-n',
      '20',
      '-payload-size',
      '64',
    )
    expect(JSON.parse(h2.stdout).RetCodes).toEqual({ 200: 20 })

    const port = portOf(runningArm)
    await testbed.lower(arm)
    await expect(untilAnswered('http', { host: '127.0.0.1', port }, 0, signal)).rejects.toThrow('no answer')
    await testbed[Symbol.asyncDispose]()
    expect(await leftovers(RUN)).toEqual([])
    expect(existsSync(runningArm.dir)).toBe(false)
  })

  it('a proxy that dies fails its own trial, by name, and the next visit starts anew', async () => {
    const arm: Arm = { name: 'sidecar', mesh: 'envoy-sidecar' }
    await using testbed = await open([arm], [http], `${RUN}-crash`)
    const runningArm = await raise(testbed, arm)
    const window = await runningArm.observe()
    const running = failureOf(fortio(runningArm, http, '-qps', '200', '-t', '15s'))
    const [victim = 0] = await processesOf(`${RUN}-crash`, 'envoy')
    process.kill(victim, 'SIGSEGV')
    const failure = await running
    expect(failure.code).toBe('process-died')
    expect(failure.message).toMatch(/^(server|client)-proxy \(process \d+\) .*(SIGSEGV|exit code \d+)/)
    expect(failure.why).toContain('last log lines')
    expect((await failureOf(window.close())).code).toBe('process-died')
    expect((await failureOf(runningArm.observe())).code).toBe('process-died')
    expect(await processesOf(`${RUN}-crash`, 'fortio')).toHaveLength(1)

    const again = await raise(testbed, arm)
    expect(again.dir).not.toBe(runningArm.dir)
    expect((await fortio(again, http, '-qps', '-1', '-n', '8')).exitCode).toBe(0)
  })

  it('a configuration that Envoy refuses is quoted, and a port that is taken is named', async () => {
    const dir = testFolder()
    const blocker = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void blocker.close())
    await once(blocker, 'listening')
    const { port } = blocker.address() as { port: number }
    const program = programOf('envoy').path
    const start = (listeners: unknown) => {
      const bootstrap = { static_resources: { listeners } }
      return failureOf(startEnvoy({ name: 'client-proxy', program, bootstrap, concurrency: 1, env: {}, dir }, signal))
    }
    const refused = await start([{ name: 'a', adress: 'misspelt' }])
    expect(refused.code).toBe('proxy-refused')
    expect(refused.why).toContain('adress')

    const address = { socket_address: { address: '127.0.0.1', port_value: port } }
    rmSync(join(dir, 'log.txt'))
    const taken = await start([{ name: 'a', address, filter_chains: [{ filters: [] }] }])
    expect(taken.code).toBe('port-taken')
    expect(taken.why).toContain(`${port}`)
  })

  it('two runs on one host do not get in each other’s way', async () => {
    const arm: Arm = { name: 'node', mesh: 'envoy-node' }
    await using first = await open([arm], [http], `${RUN}-a`)
    await using second = await open([arm], [http], `${RUN}-b`)
    const runningArms = await Promise.all([raise(first, arm), raise(second, arm)])
    expect(new Set(runningArms.map(portOf)).size).toBe(2)
    const both = await Promise.all(runningArms.map((runningArm) => fortio(runningArm, http, '-qps', '-1', '-n', '20')))
    expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0])
  })

  it('a delay is injected where it can be, and refused where not; so is another version', async () => {
    const slow: Arm = { name: 'slow', mesh: 'none', inject: { delay: 0.02 } }
    const other: Arm = { name: 'other', mesh: 'envoy-sidecar', version: '1.2.3' }
    await using testbed = await open([slow, other], [http, loadOf('grpc')], `${RUN}-delay`)
    const runningArm = await raise(testbed, slow)
    const { stdout } = await fortio(runningArm, http, '-qps', '-1', '-n', '20')
    expect(JSON.parse(stdout).DurationHistogram.Min).toBeGreaterThan(0.02)
    expect(() => runningArm.target(loadOf('grpc'))).toThrow('cannot do for grpc')
    const failure = await failureOf(raise(testbed, other))
    expect(failure.code).toBe('other-version')
    expect(failure.remedy).toContain('MESHBENCH_ENVOY')
    await testbed.lower(slow)
    expect(await processesOf(`${RUN}-delay`, 'fortio')).toEqual([])
  })

  it('what an owner leaves behind at a SIGKILL is found and removed; at an exit nothing is left', async () => {
    const [killed, exited] = [`${RUN}-killed`, `${RUN}-exited`]
    const paths = [programOf('fortio').path, programOf('envoy').path]
    const owner = (run: string, mesh: string, then: string): ChildProcess =>
      spawn(process.execPath, [fileURLToPath(new URL('owner.ts', import.meta.url)), run, mesh, then, ...paths], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
    const up = async (child: ChildProcess) => {
      if (!child.stdout) throw new Error('no pipe')
      const [dir] = await once(createInterface(child.stdout), 'line')
      return String(dir)
    }
    const victim = owner(killed, 'envoy-sidecar', 'wait')
    const leaver = owner(exited, 'none', 'exit')
    const left = once(leaver, 'exit')
    const [dir] = await Promise.all([up(victim), up(leaver)])
    await left
    expect(await leftovers(exited)).toEqual([])

    const living = await leftovers(killed)
    expect(living.every(({ alive }) => alive)).toBe(true)
    victim.kill('SIGKILL')
    await once(victim, 'exit')
    const dead = await leftovers(killed)
    expect(dead.map(({ what }) => what.replace(/\d+ /, '').replace(/ \/.*/, ''))).toEqual([
      ...['process (fortio)', 'process (envoy)', 'process (envoy)', 'folder'],
    ])
    expect(dead.every(({ alive }) => !alive)).toBe(true)
    for (const one of dead) await one.remove()
    expect(await leftovers(killed)).toEqual([])
    expect(existsSync(dir)).toBe(false)
  })

  it('are none of our children when all is done', () => {
    const names = familyOf(process.pid).map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
      } catch {
        return ''
      }
    })
    expect(names.filter((name) => name === 'envoy' || name === 'fortio')).toEqual([])
  })
})
