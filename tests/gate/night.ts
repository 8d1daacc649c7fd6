import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plan } from '../../src/model/plan.ts'
import type { Reading, Result, Run } from '../../src/model/result.ts'
import { planDigest } from '../../src/store/read-run.ts'
import { meshbench } from '../flow/surroundings.ts'
import { sharedFolder, testFolder } from '../temporary-folder.ts'

export interface NightAbout {
  /** True ratio of the candidate's latency to the reference's. */
  readonly effect?: number
  readonly blocks?: number
  readonly cohorts?: number
  /** Standard deviation of the logarithm of a trial's level. */
  readonly noise?: number
  /** Of its clusters, where the cohorts are. */
  readonly clusters?: number
  readonly seed?: number
  /** The section `gate`, as YAML. */
  readonly gate?: string
  /** Instead of the usual ones, as YAML. */
  readonly arms?: string
  readonly load?: string
}

export function scenarioText({
  effect = 1,
  blocks = 10,
  cohorts = 1,
  noise = 0.02,
  clusters = 0,
  seed = 1,
  gate = '{}',
  arms = '[none, { name: sidecar, mesh: envoy-sidecar }, { name: sidecar-ref, mesh: envoy-sidecar }]',
  load = '{ name: web, rate: 200/s, connections: 8, warmup: 1s, duration: 10s }',
}: NightAbout = {}): string {
  return `
name: night
platform: simulated
seed: ${seed}
blocks: ${blocks}
cohorts: ${cohorts}
arms: ${arms}
loads:
  - ${load}
simulation:
  effects: { sidecar: { latency: ${1.6 * effect}, cpu: 2 }, sidecar-ref: { latency: 1.6, cpu: 2 } }
  noise: { trial: ${noise}, block: 0.03, cohort: ${clusters} }
gate: ${gate}
`
}

/** A night on the simulated platform, in a folder of its own, that a test may spoil. */
export interface Night {
  readonly cwd: string
  readonly dir: string
  gate(...args: string[]): ReturnType<typeof meshbench>
  /** Rewrites the trials that a test picks, and removes the digests of all from the journal. */
  edit(pick: (trial: Result['trial']) => boolean, change: (result: Result) => Result): void
  /** As `edit`, of what was measured. */
  measure(pick: (trial: Result['trial']) => boolean, change: (reading: Reading) => Reading): void
  /** Rewrites run.json, with the digest that its plan then has. */
  plan(change: (run: Run) => Run): void
  read(id: string): Result
  ids(): string[]
  write(name: string, text: string): string
}

/** Measured once for each text, then copied: a copy is as good as a run of its own. */
const measured = new Map<string, Promise<string>>()

export async function night(about: NightAbout = {}): Promise<Night> {
  const text = scenarioText(about)
  const made = measured.get(text) ?? measure(text)
  measured.set(text, made)
  const cwd = testFolder()
  cpSync(await made, cwd, { recursive: true, filter: (path) => !/\/raw\/.|\/report\.html$/.test(path) })
  return nightIn(cwd)
}

async function measure(text: string): Promise<string> {
  const cwd = sharedFolder()
  writeFileSync(join(cwd, 'night.yaml'), text)
  const { code, stderr } = await meshbench(['run', 'night.yaml'], { cwd })
  if (code !== 0) throw new Error(`the night could not be measured: ${stderr}`)
  return cwd
}

/** A copy of an example run of real proxies, which a test may spoil as well. */
export function exampleRun(name: string): Night {
  const cwd = testFolder()
  cpSync(join('examples', name), join(cwd, 'results', name), {
    recursive: true,
    filter: (path) => !path.endsWith('report.html'),
  })
  return nightIn(cwd)
}

function nightIn(cwd: string): Night {
  const [id = ''] = readdirSync(join(cwd, 'results'))
  const dir = join(cwd, 'results', id)
  const path = (trial: string) => join(dir, 'trials', `${trial}.json`)
  const ids = () => readdirSync(join(dir, 'trials')).map((name) => name.replace('.json', ''))
  const read = (trial: string): Result => JSON.parse(readFileSync(path(trial), 'utf8'))
  const edit: Night['edit'] = (pick, change) => {
    for (const result of ids()
      .map(read)
      .filter(({ trial }) => pick(trial))) {
      writeFileSync(path(result.trial.id), JSON.stringify(change(result)))
    }
    // Whoever changes a trial with care changes its digest too: the other rules have to notice.
    const journal = join(dir, 'events.jsonl')
    writeFileSync(journal, readFileSync(journal, 'utf8').replace(/,"digest":"[0-9a-f]+"/g, ''))
  }
  return {
    cwd,
    dir,
    ids,
    read,
    edit,
    gate: (...args) => meshbench(['gate', ...args], { cwd }),
    measure: (pick, change) =>
      edit(pick, (result) => {
        if (result.outcome.status === 'failed') return result
        return { ...result, outcome: { status: 'measured', reading: change(result.outcome.reading) } }
      }),
    plan: (change) => {
      const file = join(dir, 'run.json')
      const run = change(JSON.parse(readFileSync(file, 'utf8')))
      writeFileSync(file, JSON.stringify({ ...run, digest: planDigest(run.plan) }))
    },
    write: (name, text) => {
      writeFileSync(join(cwd, name), text)
      return name
    },
  }
}

/** A plan whose scenario is otherwise. */
export function withScenario(run: Run, change: Partial<Plan['scenario']>): Run {
  return { ...run, plan: { ...run.plan, scenario: { ...run.plan.scenario, ...change } } }
}
