import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packageEntry } from '../build/package.ts'
import { testFolder } from '../temporary-folder.ts'
import { calls, type Played, play, type Stage } from './play.ts'

const ROOT = resolve(import.meta.dirname, '../..')
/** Milliseconds for a dozen runs in processes of their own, beside other work. */
const LONG = 900_000
const NIGHTLY = join(ROOT, '.github/workflows/nightly.yml')
const PULL_REQUEST = join(ROOT, '.github/workflows/pull-request.yml')

/** A stranger's repository: one scenario, one commit, an origin. */
function repository(): string {
  const folder = testFolder()
  const [origin, checkout] = [join(folder, 'origin.git'), join(folder, 'checkout')]
  execFileSync('git', ['init', '--quiet', '--bare', origin])
  execFileSync('git', ['init', '--quiet', '-b', 'main', checkout])
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.org', ...args], { cwd: checkout })
  mkdirSync(join(checkout, 'bench'))
  writeScenario(checkout, 1)
  git('remote', 'add', 'origin', origin)
  git('add', '.')
  git('commit', '--quiet', '-m', 'a scenario')
  return checkout
}

const ARMS =
  '[none, { name: none-again, mesh: none }, { name: mesh, mesh: envoy-sidecar }, { name: mesh-ref, mesh: envoy-sidecar }]'
const GATE = '{ metrics: [p50, p99] }'

/** `latency`: of the candidate, as a true ratio to its reference. */
function writeScenario(
  checkout: string,
  latency: number,
  { arms = ARMS, gate = GATE, seed = 1, noise = 0.005 } = {},
): void {
  writeFileSync(
    join(checkout, 'bench/night.yaml'),
    `name: night
platform: simulated
seed: ${seed}
cohorts: 5
blocks: 2
arms: ${arms}
loads: [{ name: http, tool: fortio, rate: 100/s, connections: 4, warmup: 1s, duration: 12s }]
gate: ${gate}
simulation:
  latency: 10ms
  noise: { trial: ${noise}, block: 0.05, cohort: 0.002 }
  effects: { mesh: { latency: ${latency} } }
`,
  )
}

async function stageOf(checkout: string): Promise<Stage> {
  return {
    checkout,
    scratch: testFolder(),
    vars: {
      MESHBENCH: `${process.execPath} ${await packageEntry()}`,
      MESHBENCH_SCENARIO: 'bench/night.yaml',
    },
    github: {
      repository: 'someone/shop',
      server_url: 'https://github.example',
      run_id: 42,
      token: 'none',
      event: { pull_request: { number: 5, head: { repo: { full_name: 'someone/shop' } } } },
    },
  }
}

const stateOf = (played: readonly Played[], beginning: string) =>
  played.find(({ name }) => name.startsWith(beginning))?.state
const failuresOf = (played: readonly Played[]) => played.filter(({ state }) => state === 'failed')

describe('the nightly workflow, step by step', () => {
  it(
    'passes a quiet night, keeps it in the history; then opens one issue for a regression and keeps that one',
    async () => {
      const checkout = repository()
      const stage = await stageOf(checkout)

      const quiet = await play(NIGHTLY, stage)
      expect(failuresOf(quiet)).toEqual([])
      expect(stateOf(quiet, 'Install meshbench')).toBe('skipped')
      expect(calls(stage.scratch, 'gh')).toEqual([])
      expect(calls(stage.scratch, 'git', 'push')).toHaveLength(1)
      expect(readFileSync(join(stage.scratch, 'summary.md'), 'utf8')).toContain('## meshbench: ✅')
      expect(readFileSync(join(checkout, 'verdict/junit.xml'), 'utf8')).toContain('failures="0" errors="0"')

      // Worse, but not so clearly that the first look finds it.
      writeScenario(checkout, 1.12, { noise: 0.04 })
      const slow = await play(NIGHTLY, stage)
      expect(failuresOf(slow).map(({ name, code }) => [name, code])).toEqual([['Say how it ended', 10]])
      expect(slow.find(({ name }) => name.startsWith('Measure again'))?.output).toContain('suspected: true')
      expect(slow.find(({ name }) => name === 'Judge')?.output).toContain('::error title=meshbench regression::')
      const [created] = calls(stage.scratch, 'gh', 'issue', 'create')
      expect(created).toContain('meshbench: regression in bench/night.yaml')
      expect(readFileSync(join(checkout, 'verdict/verdict.md'), 'utf8')).toContain('actions/runs/42')

      const again = await play(NIGHTLY, stage, { from: 'Judge' })
      expect(failuresOf(again)).toHaveLength(1)
      expect(again.find(({ name }) => name.startsWith('Keep what'))?.output).toContain('already')
      expect(calls(stage.scratch, 'gh', 'issue', 'create')).toHaveLength(1)
      expect(calls(stage.scratch, 'gh', 'issue', 'edit', '7')).toHaveLength(1)

      const history = execFileSync('git', ['show', 'meshbench-history:history.jsonl'], {
        cwd: join(checkout, '../origin.git'),
        encoding: 'utf8',
      })
      const runs = new Set(
        history
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line).run),
      )
      expect(runs).toEqual(new Set(readdirSync(join(checkout, 'results'))))
      expect(runs.size).toBe(2)
    },
    LONG,
  )

  it(
    'against a pinned reference wants two nights in a row, and knows of the one before',
    async () => {
      const checkout = repository()
      const gate =
        '{ metrics: [p50], pinned: bench/reference.json, defaults: { runSpread: { deviation: 1%, runs: 20 } } }'
      writeScenario(checkout, 1, {
        gate,
        arms: '[none, { name: none-again, mesh: none }, { name: mesh, mesh: envoy-sidecar }]',
      })
      const stage = await stageOf(checkout)
      const entry = await packageEntry()
      const meshbench = (...args: string[]) => execFileSync(process.execPath, [entry, ...args], { cwd: checkout })
      meshbench('run', 'bench/night.yaml')
      meshbench('gate', 'accept', '--reason', 'the release')
      writeScenario(checkout, 1.4, {
        gate,
        arms: '[none, { name: none-again, mesh: none }, { name: mesh, mesh: envoy-sidecar }]',
        seed: 2,
      })
      const first = await play(NIGHTLY, stage)
      expect(failuresOf(first).map(({ name, code }) => [name, code])).toEqual([['Say how it ended', 11]])
      expect(calls(stage.scratch, 'gh', 'issue')).toEqual([])
      const second = await play(NIGHTLY, stage)
      expect(failuresOf(second).map(({ name, code }) => [name, code])).toEqual([['Say how it ended', 10]])
      expect(calls(stage.scratch, 'gh', 'issue', 'create')).toHaveLength(1)
    },
    LONG,
  )

  it('is not green when the history was tampered with, and does not measure on', async () => {
    const checkout = repository()
    const stage = await stageOf(checkout)
    const tampered = execFileSync('git', ['hash-object', '-w', '--stdin'], { cwd: checkout, input: '{"a":1}\n' })
    const tree = execFileSync('git', ['mktree'], {
      cwd: checkout,
      input: `100644 blob ${tampered.toString().trim()}\thistory.jsonl\n`,
    })
    const author = ['-c', 'user.name=a', '-c', 'user.email=a@example.org']
    const commit = execFileSync('git', [...author, 'commit-tree', tree.toString().trim(), '-m', 'x'], { cwd: checkout })
    execFileSync('git', ['push', '--quiet', 'origin', `${commit.toString().trim()}:refs/heads/meshbench-history`], {
      cwd: checkout,
    })
    const played = await play(NIGHTLY, stage)
    expect(failuresOf(played).map(({ name, code }) => [name, code])).toEqual([
      ['Fetch the history', 12],
      ['Say how it ended', 12],
    ])
    expect(stateOf(played, 'Measure')).toBe('skipped')
    expect(calls(stage.scratch, 'git', 'push')).toEqual([])
  })
})

describe('the workflow of a pull request, step by step', () => {
  it(
    'writes one comment and brings it up to date',
    async () => {
      const checkout = repository()
      const stage = await stageOf(checkout)
      expect(failuresOf(await play(PULL_REQUEST, stage))).toEqual([])
      expect(calls(stage.scratch, 'gh', 'pr', 'comment')).toHaveLength(1)
      expect(failuresOf(await play(PULL_REQUEST, stage, { from: 'Judge' }))).toEqual([])
      expect(calls(stage.scratch, 'gh', 'pr', 'comment')).toHaveLength(1)
      expect(calls(stage.scratch, 'gh', 'api', '--method', 'PATCH')).toHaveLength(1)
    },
    LONG,
  )
})
