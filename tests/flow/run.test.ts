import { execFile, spawn } from 'node:child_process'
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Analysis } from '../../src/model/analysis.ts'
import { testFolder } from '../temporary-folder.ts'
import { meshbench } from './surroundings.ts'

const SCENARIO = `
name: flow
platform: simulated
blocks: 4
arms: [none, { name: none-again, mesh: none }, envoy-sidecar, envoy-node]
loads:
  - { name: slow, tool: fortio, rate: 200/s, connections: 4, warmup: 1s, duration: 5s }
  - { name: fast, tool: k6, rate: 300/s, connections: 20, warmup: 1s, duration: 4s }
simulation:
  latency: 1ms
  effects: { envoy-sidecar: { latency: 1.6, cpu: 3 }, envoy-node: { latency: 1.3, cpu: 2 } }
`

/** For what does not depend on how much is measured. */
const SMALL = `
name: flow
platform: simulated
blocks: 4
arms: [none, envoy-sidecar]
loads: [{ name: slow, tool: fortio, rate: 200/s, connections: 4, warmup: 1s, duration: 5s }]
simulation:
  latency: 1ms
`

const ARMS = ['none', 'none-again', 'envoy-sidecar', 'envoy-node']

function project(scenario: string): string {
  const cwd = testFolder()
  writeFileSync(join(cwd, 'flow.yaml'), scenario)
  return cwd
}

function runsIn(cwd: string): string[] {
  return readdirSync(join(cwd, 'results')).map((id) => join(cwd, 'results', id))
}

const trialsIn = (run: string) => readdirSync(join(run, 'trials')).sort()

describe('a whole run on the simulated platform', () => {
  it('ends in results on disk, a table, a page, and true effects found again', async () => {
    const cwd = project(SCENARIO)
    const { code, stdout, stderr } = await meshbench(['run', 'flow.yaml', '--json'], { cwd })
    expect(stderr).toContain('report: ')
    expect(code).toBe(0)
    const [run] = runsIn(cwd) as [string]
    const files = ['events.jsonl', 'raw', 'report.html', 'run.json', 'summary.md', 'trials']
    expect(readdirSync(run).sort()).toEqual(files)
    expect(trialsIn(run)).toHaveLength(4 * 4 * 2)
    const { analysis } = JSON.parse(stdout) as { analysis: Analysis }
    for (const load of ['slow', 'fast']) {
      const sidecar = analysis.cells.find(
        (cell) => cell.arm === 'envoy-sidecar' && cell.load === load && cell.metric === 'p50',
      )
      expect(sidecar?.ratio?.center).toBeGreaterThan(1.35)
      expect(sidecar?.ratio?.center).toBeLessThan(1.9)
    }
    expect(readFileSync(join(run, 'report.html'), 'utf8')).toContain('envoy-sidecar')
  })

  it('withholds the tail of trials in which the load generator paused, and of no others', async () => {
    const cwd = project(
      SCENARIO.replaceAll(/duration: \ds/g, 'duration: 10s')
        .replace(/arms: .*/, 'arms: [none, envoy-sidecar]')
        .replace('connections: 20', 'connections: 100')
        .replace('latency: 1ms', 'latency: 1ms\n  faults: [{ kind: generator-pause, arm: envoy-sidecar, blocks: [2] }]')
        .replace(/effects: .*/, 'effects: { envoy-sidecar: { latency: 1.6 } }'),
    )
    const { stdout } = await meshbench(['run', 'flow.yaml', '--json'], { cwd })
    const { analysis } = JSON.parse(stdout) as { analysis: Analysis }
    for (const load of ['slow', 'fast']) {
      const values = (metric: string) =>
        analysis.cells
          .find((cell) => cell.arm === 'envoy-sidecar' && cell.load === load && cell.metric === metric)
          ?.values.map(({ block }) => block)
      expect(values('p50')).toEqual([1, 2, 3, 4])
      expect(values('typical-p99')).toEqual([1, 2, 3, 4])
      expect(values('p99')).toEqual([1, 3, 4])
    }
    const withheld = analysis.trials.filter(({ problems }) => problems.some(({ rule }) => rule === 'quantile-withheld'))
    expect(withheld.map(({ result: { trial } }) => [trial.arm, trial.block])).toEqual([
      ['envoy-sidecar', 2],
      ['envoy-sidecar', 2],
    ])
    const [run] = runsIn(cwd) as [string]
    expect(readFileSync(join(run, 'report.html'), 'utf8')).toContain('>withheld')
  })

  it('makes the page again from files alone', async () => {
    const cwd = project(SMALL)
    await meshbench(['run', 'flow.yaml', '--blocks', '1'], { cwd })
    const { code, stdout } = await meshbench(['report', '--output', 'again.html'], { cwd })
    expect(code).toBe(0)
    expect(stdout.trim()).toBe(join(cwd, 'again.html'))
    expect(readFileSync(join(cwd, 'again.html'), 'utf8')).toMatch(/^<!doctype html>/i)
  })

  it('goes on after an interruption: same schedule, nothing lost, nothing repeated', async () => {
    const cwd = project(SCENARIO)
    const whole = JSON.parse((await meshbench(['plan', 'flow.yaml', '--json'], { cwd })).stdout)
    const stopped = await meshbench(['run', 'flow.yaml'], { cwd, abortOn: '12/32' })
    expect(stopped.code).toBe(130)
    expect(stopped.stderr).toContain('meshbench run --resume')
    const [run] = runsIn(cwd) as [string]
    const before = trialsIn(run).map((name) => [name, readFileSync(join(run, 'trials', name), 'utf8')])
    expect(before.length).toBeGreaterThanOrEqual(12)
    expect(before.length).toBeLessThan(32)
    const resumed = await meshbench(['run', '--resume'], { cwd })
    expect(resumed.code).toBe(0)
    expect(runsIn(cwd)).toHaveLength(1)
    for (const [name, text] of before) expect(readFileSync(join(run, 'trials', name as string), 'utf8')).toBe(text)
    const orders = trialsIn(run)
      .map((name) => JSON.parse(readFileSync(join(run, 'trials', name), 'utf8')).trial)
      .sort((a, b) => a.order - b.order)
      .map(({ id }) => id)
    const planned = JSON.stringify(whole.plan.cohorts)
    expect(orders).toHaveLength(32)
    expect(orders.every((id) => planned.includes(`"${id}"`))).toBe(true)
  })

  it('stops after a first block without a valid trial, with the cause, a report and the way on', async () => {
    const faults = (blocks: string) => ARMS.map((arm) => `{ kind: errors, arm: ${arm}${blocks} }`).join(', ')
    const broken = (blocks = '') => SCENARIO.replace('latency: 1ms', `latency: 1ms\n  faults: [${faults(blocks)}]`)
    const cwd = project(broken())
    const { code, stdout, stderr } = await meshbench(['run', 'flow.yaml', '--json'], { cwd })
    expect(code).toBe(12)
    const [run] = runsIn(cwd) as [string]
    expect(trialsIn(run)).toHaveLength(8)
    expect(existsSync(join(run, 'report.html'))).toBe(true)
    expect(stderr).toContain('the run stopped: no trial of the first block is valid')
    expect(JSON.parse(stdout).failure).toMatchObject({
      code: 'no-valid-data',
      cause: expect.stringContaining('500 of 1,000 requests (50 %) failed'),
      remedy: expect.stringContaining(`meshbench run --resume ${basename(run)}`),
    })
    const all = await meshbench(['run', '--resume', '--keep-going'], { cwd })
    expect(all.code).toBe(12)
    expect(trialsIn(run)).toHaveLength(32)

    writeFileSync(join(cwd, 'flow.yaml'), broken(', blocks: [2]'))
    expect((await meshbench(['run', 'flow.yaml'], { cwd })).code).toBe(0)
  })

  it('asks on a terminal whether to go on, and nowhere else', async () => {
    const faults = ['none', 'envoy-sidecar'].map((arm) => `{ kind: errors, arm: ${arm} }`).join(', ')
    const question = 'Measure on all the same?'
    const run = async (typed: string, options: string[] = [], env = { CI: '' }) => {
      const cwd = project(SMALL.replace('latency: 1ms', `latency: 1ms\n  faults: [${faults}]`))
      const ended = await meshbench(['run', 'flow.yaml', ...options], { cwd, env, typed: { [question]: typed } })
      const [only = ''] = runsIn(cwd)
      return { ...ended, asked: ended.stderr.includes(question), trials: trialsIn(only).length }
    }
    expect(await run('y\r')).toMatchObject({ asked: true, trials: 8, code: 12 })
    for (const no of ['\r', 'n\r', '\x04']) expect(await run(no)).toMatchObject({ asked: true, trials: 2, code: 12 })
    const interrupted = await run('\x03')
    expect(interrupted).toMatchObject({ asked: true, trials: 2, code: 130 })
    expect(interrupted.stderr).toContain('meshbench run --resume')
    for (const options of [['--json'], ['--quiet']]) {
      expect(await run('y\r', options)).toMatchObject({ asked: false, trials: 2, code: 12 })
    }
    expect(await run('y\r', [], { CI: 'true' })).toMatchObject({ asked: false, trials: 2, code: 12 })
    expect(await run('n\r', ['--keep-going'])).toMatchObject({ asked: false, trials: 8 })
  })

  it('has nothing to resume where a run is complete, and says so by doing nothing', async () => {
    const cwd = project(SMALL)
    await meshbench(['run', 'flow.yaml', '--blocks', '1'], { cwd })
    const [run] = runsIn(cwd) as [string]
    const before = trialsIn(run)
    expect((await meshbench(['run', '--resume'], { cwd })).code).toBe(0)
    expect(trialsIn(run)).toEqual(before)
  })

  it('survives kill −9 at any moment', async () => {
    const cwd = project(SCENARIO.replace('simulation:', 'simulation:\n  pace: 30ms'))
    const main = join(import.meta.dirname, '../../src/main.ts')
    for (const delay of [900, 1200]) {
      const child = execFile(process.execPath, [main, 'run', 'flow.yaml'], { cwd })
      const ended = new Promise((resolve) => child.once('exit', resolve))
      while (globSync('results/*/trials/*.json', { cwd }).length < 2) await sleep(20)
      await sleep(delay - 800)
      child.kill('SIGKILL')
      await ended
      const [run] = runsIn(cwd) as [string]
      const before = trialsIn(run).filter((name) => name.endsWith('.json'))
      const { code } = await meshbench(['run', '--resume'], { cwd })
      expect(code).toBe(0)
      expect(trialsIn(run)).toHaveLength(32)
      expect(trialsIn(run)).toEqual(expect.arrayContaining(before))
      rmSync(join(cwd, 'results'), { recursive: true })
    }
  })
})

it('writes a whole plan into a pipe that is read late', async () => {
  const cwd = project(SCENARIO)
  const main = join(import.meta.dirname, '../../src/main.ts')
  const child = spawn(process.execPath, [main, 'plan', 'flow.yaml', '--blocks', '1000', '--json'], { cwd })
  await sleep(1500)
  const parts: Buffer[] = []
  for await (const part of child.stdout) parts.push(part as Buffer)
  const text = Buffer.concat(parts).toString()
  // More than a pipe holds.
  expect(text.length).toBeGreaterThan(2 ** 17)
  expect(JSON.parse(text)).toMatchObject({ command: 'plan' })
})

describe('what breaks', () => {
  const withFault = (fault: string) => SCENARIO.replace('simulation:', `simulation:\n  faults: [${fault}]`)

  it('an arm that does not come up fails its own trials only', async () => {
    const cwd = project(withFault('{ kind: raise, arm: envoy-node }'))
    const { code, stdout } = await meshbench(['run', 'flow.yaml', '--json'], { cwd })
    const { analysis } = JSON.parse(stdout) as { analysis: Analysis }
    const failed = analysis.trials.filter(({ status }) => status === 'failed')
    expect(new Set(failed.map(({ result }) => result.trial.arm))).toEqual(new Set(['envoy-node']))
    expect(failed).toHaveLength(8)
    expect(analysis.trials).toHaveLength(32)
    expect(code).toBe(12)
  })

  it('a trial that breaks does not take the other load of its visit along', async () => {
    const cwd = project(withFault('{ kind: trial, arm: envoy-sidecar, blocks: [2] }'))
    const { code, stdout } = await meshbench(['run', 'flow.yaml', '--json'], { cwd })
    const { analysis } = JSON.parse(stdout) as { analysis: Analysis }
    expect(analysis.trials).toHaveLength(32)
    const failed = analysis.trials.filter(({ status }) => status === 'failed')
    expect(failed.every(({ result }) => result.trial.block === 2 && result.trial.arm === 'envoy-sidecar')).toBe(true)
    expect(failed.length).toBeGreaterThan(0)
    expect(code).toBe(0)
  })

  it.each(['errors', 'slow', 'bypass'])(
    'a fault of kind %s makes trials invalid, visible and not counted',
    async (kind) => {
      const cwd = project(withFault(`{ kind: ${kind}, arm: envoy-sidecar, blocks: [1, 3] }`))
      const { stdout } = await meshbench(['run', 'flow.yaml', '--json'], { cwd })
      const { analysis } = JSON.parse(stdout) as { analysis: Analysis }
      const invalid = analysis.trials.filter(({ status }) => status === 'invalid')
      expect(new Set(invalid.map(({ result }) => result.trial.block))).toEqual(new Set([1, 3]))
      const cell = analysis.cells.find(
        ({ arm, metric, load }) => arm === 'envoy-sidecar' && metric === 'p50' && load === 'slow',
      )
      expect(cell?.values.map(({ block }) => block).sort()).toEqual([2, 4])
    },
  )

  it('a teardown that breaks ends the run loudly, and keeps what is finished', async () => {
    const cwd = project(withFault('{ kind: lower, arm: envoy-sidecar, blocks: [2] }'))
    const { code, stderr } = await meshbench(['run', 'flow.yaml'], { cwd })
    expect(code).toBe(3)
    expect(stderr).toContain('could not be put down')
    expect(stderr).toContain('--resume')
    expect(trialsIn(runsIn(cwd)[0] as string).length).toBeGreaterThan(8)
  })
})

describe('usage', () => {
  it('reports ten mistakes of a scenario at once, each with its line', async () => {
    const cwd = project(`name: Wrong Name
platform: locl
blocks: 0
seeds: 3
arms:
  - none
  - none
  - istio-sidcar
  - { name: slow, mesh: none, inject: { delay: 9 } }
loads:
  - { tool: fortio, rate: 1000, duration: 10s }
  - { tool: wrk, rate: 10/s }
  - { tool: k6, protocol: grpc, rate: 100/s, name: grpc }
`)
    const { code, stderr } = await meshbench(['run', 'flow.yaml'], { cwd })
    expect(code).toBe(2)
    for (const line of [1, 2, 3, 4, 7, 8, 9, 11, 12, 13]) expect(stderr).toMatch(new RegExp(`flow\\.yaml:${line}:\\d+`))
  })

  it.each([
    [['run', 'quik'], 'Did you mean quick?'],
    [['run', '--bloks', '3'], '--blocks'],
    [['plan', '--blocks', 'many'], 'whole number'],
    [['plan', 'quick-local', '--arms', 'envoy-sidcar'], 'envoy-sidecar'],
    [['plan', '--time-budget', '20'], 'unit'],
    [['report', 'nothing'], 'no run'],
    [['run', '--resume'], 'no run'],
    [['completion', 'tcsh'], 'bash, zsh, fish'],
    [['frobnicate'], 'unknown command'],
  ])('%j is refused with a remedy', async (args, remedy) => {
    const { code, stderr } = await meshbench(args)
    expect(code).toBe(2)
    expect(stderr).toContain(remedy)
  })

  it('drops whole blocks for a time budget', async () => {
    const { stdout } = await meshbench([
      'plan',
      'quick-local',
      '--platform',
      'local',
      '--time-budget',
      '150s',
      '--json',
    ])
    const { plan } = JSON.parse(stdout)
    expect(plan.scenario.blocks).toBeGreaterThanOrEqual(1)
    expect(plan.scenario.blocks).toBeLessThan(4)
  })

  it('says what a plan can detect, from history once there is some', async () => {
    const cwd = project(SMALL)
    expect((await meshbench(['plan', 'flow.yaml'], { cwd })).stdout).toContain('assumed')
    await meshbench(['run', 'flow.yaml'], { cwd })
    expect((await meshbench(['plan', 'flow.yaml'], { cwd })).stdout).toContain('history')
  })

  it('writes where it can and says so where it cannot', async () => {
    const cwd = project(SMALL)
    writeFileSync(join(cwd, 'results'), 'a file in the way')
    const { code, stderr } = await meshbench(['run', 'flow.yaml'], { cwd })
    expect(code).toBe(3)
    expect(stderr).toMatch(/results/)
    mkdirSync(join(cwd, 'elsewhere'))
    expect((await meshbench(['run', 'flow.yaml', '--blocks', '1', '--results', 'elsewhere'], { cwd })).code).toBe(0)
  })
})
