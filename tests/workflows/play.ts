import { execFile } from 'node:child_process'
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'

/** Where a workflow is played, and what GitHub would have told it. */
export interface Stage {
  /** A clone of a repository, with an `origin` that may be pushed to. */
  readonly checkout: string
  /** Gets the stand-ins, the home folder and the files that GitHub gives to steps. */
  readonly scratch: string
  readonly vars?: Readonly<Record<string, string>>
  readonly github?: Readonly<Record<string, unknown>>
}

export interface Played {
  readonly name: string
  /** `used`: somebody else's action, which is not played. */
  readonly state: 'ran' | 'skipped' | 'used' | 'failed'
  readonly code?: number
  readonly output: string
}

interface Step {
  readonly name?: string
  readonly id?: string
  readonly if?: string
  readonly uses?: string
  readonly run?: string
  readonly env?: Readonly<Record<string, string>>
}
interface Workflow {
  readonly env?: Readonly<Record<string, string>>
  readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>>
}

interface Progress {
  readonly env: Record<string, string>
  readonly steps: Record<string, { outcome: string; outputs: Record<string, string> }>
  isFailing: boolean
}

/** What ends a word of a call, and the call, where `printf` writes them: no word has one. */
const WORD = '\\037'
const CALL = '\\036'

/** Programs that reach beyond this machine. Each call is written down; what is not safe is not done. */
const STAND_INS = {
  // Knows the issue and the comment that it was asked to make, as GitHub would.
  gh: `case "$1 $2" in
    'issue list') if [ -f "$STATE/issue" ]; then cat "$STATE/issue"; fi ;;
    'issue create') echo 7 > "$STATE/issue" ;;
    'pr comment') echo 11 > "$STATE/comment" ;;
    'api repos/'*) if [ -f "$STATE/comment" ]; then cat "$STATE/comment"; fi ;;
  esac`,
  // The origin is a bare repository in the scratch folder.
  git: 'PATH="$REAL_PATH" exec git "$@"',
  // No container engine: the simulated platform needs none, and this machine's is nobody's to play with.
  docker: 'exit 1',
} as const

/**
 * Plays the shell steps of a workflow's jobs in order, each as a runner does, and says how each ended. `from`: begins at the
 * step of that name, as a job does that is run again with what it had measured.
 */
export async function play(file: string, stage: Stage, { from }: { readonly from?: string } = {}): Promise<Played[]> {
  const workflow: Workflow = parse(readFileSync(file, 'utf8'))
  const progress: Progress = { env: context(stage), steps: {}, isFailing: false }
  Object.assign(progress.env, filled(workflow.env, stage, progress))
  const played: Played[] = []
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps)
  const begin = from === undefined ? 0 : steps.findIndex(({ name }) => name === from)
  if (begin < 0) throw new Error(`${file} has no step ${from}`)
  for (const step of steps.slice(begin)) {
    const one = await playStep(step, stage, progress)
    if (one.state === 'failed') progress.isFailing = true
    played.push(one)
  }
  return played
}

async function playStep(step: Step, stage: Stage, progress: Progress): Promise<Played> {
  const name = step.name ?? step.uses ?? 'a step'
  if (!isWanted(step.if, stage, progress)) return { name, state: 'skipped', output: '' }
  if (step.run === undefined) return { name, state: 'used', output: '' }
  const files = { GITHUB_ENV: 'env', GITHUB_OUTPUT: 'output', GITHUB_STEP_SUMMARY: 'summary.md' }
  const paths = Object.fromEntries(Object.entries(files).map(([key, file]) => [key, join(stage.scratch, file)]))
  for (const key of ['GITHUB_ENV', 'GITHUB_OUTPUT']) writeFileSync(paths[key] as string, '')
  appendFileSync(paths['GITHUB_STEP_SUMMARY'] as string, '')
  const env = { ...progress.env, ...filled(step.env, stage, progress), ...paths }
  const { code, output } = await shell(filledText(step.run, stage, progress), stage.checkout, env)
  Object.assign(progress.env, pairsIn(paths['GITHUB_ENV'] as string))
  const outcome = code === 0 ? 'success' : 'failure'
  if (step.id) progress.steps[step.id] = { outcome, outputs: pairsIn(paths['GITHUB_OUTPUT'] as string) }
  return { name, state: code === 0 ? 'ran' : 'failed', code, output }
}

/** As a runner starts `shell: bash`. */
function shell(script: string, cwd: string, env: NodeJS.ProcessEnv): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const args = ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script]
    const child = execFile('bash', args, { cwd, env, maxBuffer: 1e8 }, (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? 1, output: stdout + stderr })
    })
  })
}

/** Nothing of this process but what a runner has as well; stand-ins before everything else. */
function context({ checkout, scratch }: Stage): Record<string, string> {
  const [bin, home] = [join(scratch, 'bin'), join(scratch, 'home')]
  for (const folder of [bin, home]) mkdirSync(folder, { recursive: true })
  const real = [dirname(process.execPath), process.env['PATH'] ?? ''].join(':')
  for (const [name, script] of Object.entries(STAND_INS)) {
    // One write, so that no other call comes in between.
    const record = `call=$(printf '%s${WORD}' ${name} "$@"); printf '%s${CALL}' "$call" >> "$STATE/calls"`
    writeFileSync(join(bin, name), `#!/bin/sh\n${record}\n${script}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  return {
    PATH: `${bin}:${real}`,
    REAL_PATH: real,
    STATE: scratch,
    HOME: home,
    LANG: 'C.UTF-8',
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_WORKSPACE: checkout,
  }
}

/** What the stand-ins were asked, in order. */
export function calls(scratch: string, ...beginning: string[]): string[][] {
  const file = join(scratch, 'calls')
  if (!existsSync(file)) return []
  const end = (text: string, mark: string) => text.split(mark).slice(0, -1)
  const all = end(readFileSync(file, 'utf8'), '\x1e').map((call) => end(call, '\x1f'))
  return all.filter((call) => beginning.every((word, index) => call[index] === word))
}

function pairsIn(file: string): Record<string, string> {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
}

function filled(given: Step['env'], stage: Stage, progress: Progress): Record<string, string> {
  return Object.fromEntries(Object.entries(given ?? {}).map(([key, text]) => [key, filledText(text, stage, progress)]))
}

function filledText(text: string, stage: Stage, progress: Progress): string {
  return String(text).replaceAll(/\$\{\{(.*?)\}\}/g, (_, expression: string) =>
    String(evaluate(expression, stage, progress)),
  )
}

/** Without a status function, a step is for the case that all went well. */
function isWanted(condition: string | undefined, stage: Stage, progress: Progress): boolean {
  if (condition === undefined) return !progress.isFailing
  const isAny = /\b(always|failure|success|cancelled)\(\)/.test(condition)
  return Boolean(evaluate(condition, stage, progress)) && (isAny || !progress.isFailing)
}

/** The part of GitHub's expressions that our workflows use; it is JavaScript but for names with hyphens. */
function evaluate(expression: string, { vars = {}, github = {} }: Stage, { env, steps, isFailing }: Progress): unknown {
  const contexts: Record<string, unknown> = {
    vars,
    github,
    env,
    steps,
    inputs: {},
    runner: { os: 'Linux', arch: 'X64' },
  }
  const get = (path: string) =>
    path.split('.').reduce<unknown>((from, key) => (from as Record<string, unknown> | undefined)?.[key], contexts) ?? ''
  const script = expression.replaceAll(
    /\b(?:github|vars|env|steps|inputs|runner)(?:\.[\w-]+)+/g,
    (path) => `get('${path}')`,
  )
  const always = () => true
  const failure = () => isFailing
  const endsWith = (text: string, end: string) => text.toLowerCase().endsWith(end.toLowerCase())
  const hashFiles = () => 'hash'
  return new Function('get', 'always', 'failure', 'endsWith', 'hashFiles', `return ${script}`)(
    get,
    always,
    failure,
    endsWith,
    hashFiles,
  )
}
