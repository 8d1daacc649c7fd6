import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { night } from '../gate/night.ts'
import { testFolder } from '../temporary-folder.ts'
import { meshbench } from './surroundings.ts'

const SCENARIO = `
name: flow
platform: simulated
blocks: 4
cohorts: 2
arms: [none, { name: none-again, mesh: none }, envoy-sidecar]
loads:
  - { name: slow, tool: fortio, rate: 100/s, connections: 4, warmup: 1s, duration: 12s }
  - { name: fast, tool: fortio, rate: 200/s, connections: 4, warmup: 1s, duration: 6s }
simulation:
  latency: 5ms
  noise: { trial: 0.01, block: 0.05, cohort: 0.005 }
  effects: { envoy-sidecar: { latency: 1.6 } }
`
const DOCS = readFileSync(resolve(import.meta.dirname, '../../docs/json.md'), 'utf8')

/** A folder with the scenario and as many runs of it. */
async function project(runs: number): Promise<string> {
  const cwd = testFolder()
  writeFileSync(join(cwd, 'flow.yaml'), SCENARIO)
  for (let run = 0; run < runs; run++) await meshbench(['run', 'flow.yaml'], { cwd })
  return cwd
}

async function json(args: readonly string[], cwd: string) {
  const { code, stdout } = await meshbench([...args, '--json'], { cwd })
  const document = JSON.parse(stdout)
  expect(document.schema).toBe(1)
  for (const key of Object.keys(document)) expect(DOCS).toContain(`\`${key}\``)
  return { code, document }
}

describe('compare', () => {
  it('finds the true effect between two arms, and between an arm and itself nothing', async () => {
    const cwd = await project(2)
    const { code, document } = await json(['compare', 'none', 'envoy-sidecar', '--metrics', 'p50'], cwd)
    expect(code).toBe(0)
    for (const contrast of document.contrasts) {
      expect(contrast).toMatchObject({ method: 'paired', standing: 'higher', pairs: 8 })
      for (const key of Object.keys(contrast)) expect(DOCS).toContain(`\`${key}\``)
    }
    const [newer, older] = readdirSync(join(cwd, 'results')) as [string, string]
    const unpaired = await json(['compare', older, newer, '--metrics', 'p50'], cwd)
    expect(unpaired.document.contrasts).toHaveLength(6)
    for (const contrast of unpaired.document.contrasts) {
      expect(contrast).toMatchObject({ method: 'unpaired' })
      expect(['no-difference', 'within-noise', 'undecided']).toContain(contrast.standing)
      for (const key of Object.keys(contrast)) expect(DOCS).toContain(`\`${key}\``)
    }
    const crossed = await meshbench(['compare', `${older}:none`, `${newer}:envoy-sidecar`, '--metrics', 'p50'], { cwd })
    expect(crossed.stdout).toContain('B higher')
    expect(crossed.stdout).toContain('The runs were made at different times')
    const pages = ['--html', 'public/compare.html']
    const paged = await json(['compare', older, newer, ...pages], cwd)
    expect(paged.document.page).toBe(join(cwd, 'public', 'compare.html'))
    const page = readFileSync(paged.document.page, 'utf8')
    for (const run of [older, newer]) expect(page).toContain(`href="../results/${run}/report.html"`)
    expect(page).toContain(`meshbench compare ${older} ${newer} --html public/compare.html`)
    writeFileSync(join(cwd, 'notes.html'), 'mine')
    const refusals: [string[], string][] = [
      [['none', 'envoy-sidecar', '--html', 'notes.html'], 'was not written by this command'],
      [['none', 'envoy-sidecar', '--open'], '--open needs --html'],
      [['none', 'nobody'], 'nobody is neither a run nor an arm of the newest run'],
      [[':none', ':nobody'], 'has no arm nobody'],
      [[':none', ':none'], 'with itself'],
      [['none', 'envoy-sidecar', '--metrics', 'p98'], 'p99'],
    ]
    for (const [args, said] of refusals) {
      const refused = await meshbench(['compare', ...args], { cwd })
      expect(refused.code).toBe(2)
      expect(refused.stderr).toContain(said)
    }
  })
})

describe('history', () => {
  it('keeps runs once, draws them, and notices a change', async () => {
    const cwd = await project(1)
    expect((await meshbench(['history'], { cwd })).stderr).toContain('is empty; meshbench history add')
    expect((await json(['history', 'add'], cwd)).document.added).toBe(6)
    expect((await json(['history', 'add'], cwd)).document.added).toBe(0)
    expect((await json(['history', 'verify'], cwd)).document).toMatchObject({ lines: 6, runs: 1 })
    const { document } = await json(['history', '--metrics', 'p50'], cwd)
    expect(document.trends).toHaveLength(6)
    for (const key of Object.keys(document.trends[0])) expect(DOCS).toContain(`\`${key}\``)
    expect((await meshbench(['history'], { cwd })).stdout).toContain('p99 latency under fast')
    const file = join(cwd, 'history/history.jsonl')
    writeFileSync(file, readFileSync(file, 'utf8').replace('"validTrials":8', '"validTrials":9'))
    const verified = await meshbench(['history', 'verify'], { cwd })
    expect(verified.code).toBe(12)
    expect(verified.stderr).toContain('line 1 of the history')
  })
})

it('reads the history once for trends, gate and page', async () => {
  const cwd = testFolder()
  writeFileSync(join(cwd, 'flow.yaml'), `${SCENARIO}gate: { reference: { envoy-sidecar: none-again } }\n`)
  execFileSync('git', ['init', '--quiet'], { cwd })
  const history = ['--branch', 'kept']
  await meshbench(['run', 'flow.yaml'], { cwd })
  expect((await meshbench(['history', 'add', ...history], { cwd })).code).toBe(0)
  // In place of git: notes what is asked for, and asks git.
  const bin = testFolder()
  const asked = join(bin, 'asked')
  const git = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim()
  writeFileSync(join(bin, 'git'), `#!/bin/sh\necho "$*" >> '${asked}'\nexec '${git}' "$@"\n`, { mode: 0o755 })
  vi.stubEnv('PATH', `${bin}:${process.env['PATH']}`)
  try {
    const commands = [['run', 'flow.yaml'], ['report'], ['report', '--site', 'site'], ['gate']]
    for (const command of commands) {
      rmSync(asked, { force: true })
      await meshbench([...command, ...history], { cwd })
      const shown = readFileSync(asked, 'utf8').match(/^show .*history\.jsonl$/gm)
      expect([command, shown]).toEqual([command, [expect.any(String)]])
    }
  } finally {
    vi.unstubAllEnvs()
  }
  const pages = readdirSync(join(cwd, 'site'), { withFileTypes: true }).filter((entry) => entry.isDirectory())
  expect(pages).toHaveLength(2)
})

describe('shards', () => {
  it('become the run that one machine would have made', async () => {
    const cwd = await project(1)
    for (const shard of ['1/3', '2/3', '3/3']) {
      const { code } = await meshbench(['run', 'flow.yaml', '--shard', shard, '--results', 'shards'], { cwd })
      expect(code).toBe(0)
    }
    const shards = readdirSync(join(cwd, 'shards')).map((name) => join('shards', name))
    const early = await meshbench(['merge', ...shards.slice(0, 2), '--results', 'merged'], { cwd })
    expect(early.code).toBe(2)
    expect(early.stderr).toMatch(/shard \d\/3 is missing/)
    const { code, document } = await json(['merge', ...shards, '--results', 'merged'], cwd)
    expect(code).toBe(0)
    expect(document.trials).toBe(48)
    const again = await meshbench(['merge', ...shards, '--results', 'merged'], { cwd })
    expect(again.stderr).toContain('already merged')
    // The simulated platform draws from the trial's own name, so the same trials give the same figures.
    mkdirSync(join(cwd, 'both'))
    const [single] = readdirSync(join(cwd, 'results')) as [string]
    renameSync(join(cwd, 'results', single), join(cwd, 'both', single))
    renameSync(document.dir, join(cwd, 'both', document.run))
    const same = await json(['compare', single, document.run, '--results', 'both', '--metrics', 'p50,p99'], cwd)
    for (const { a, b } of same.document.contrasts) expect(b).toEqual(a)
  })
})

it.each(['once', '', '9999-01-01T00:00:00Z'])(
  'a run that started at %j has no place in a history',
  async (startedAt) => {
    const spoiled = await night()
    spoiled.plan((run) => ({ ...run, startedAt }))
    expect(await meshbench(['history', 'add'], { cwd: spoiled.cwd })).toMatchObject({
      code: 12,
      stderr: expect.stringContaining('which is no time or in the future'),
    })
  },
)
