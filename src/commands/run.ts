import { resolve } from 'node:path'
import { analyse } from '../analyse/analyse.ts'
import { statements } from '../analyse/statements.ts'
import { loads } from '../loads/index.ts'
import type { Analysis } from '../model/analysis.ts'
import { EXIT, Failure } from '../model/failure.ts'
import type { Plan } from '../model/plan.ts'
import type { Platform, Provided } from '../model/platform.ts'
import { RESULT_SCHEMA, type Run } from '../model/result.ts'
import { remaining } from '../plan/remaining.ts'
import { openPlatform } from '../platforms/index.ts'
import { run } from '../run/run.ts'
import { createRun } from '../store/create-run.ts'
import { planDigest } from '../store/digest.ts'
import { findRun } from '../store/find-run.ts'
import { collectProvenance } from '../store/provenance.ts'
import { readRun } from '../store/read-run.ts'
import { reopenRun } from '../store/reopen-run.ts'
import { runId } from '../store/run-id.ts'
import type { RunWriter } from '../store/run-writer.ts'
import { findingsText } from '../ui/findings.ts'
import { styleFor } from '../ui/style.ts'
import { analysisTable } from '../ui/table.ts'
import { choosePlan } from './choose-plan.ts'
import { openInBrowser } from './open-in-browser.ts'
import type { SelectionOptions } from './selection.ts'
import type { Surroundings } from './surroundings.ts'
import { watch } from './watch.ts'
import { writeReport } from './write-report.ts'

interface RunOptions extends SelectionOptions {
  readonly resume?: string | true
  readonly open?: boolean
}

/** A run that can start: its whole schedule, what of it is finished, and where it is written. */
interface Prepared {
  readonly run: Run
  readonly platform: Platform
  readonly finished: ReadonlySet<string>
  readonly writer: RunWriter
}

/** `meshbench run`: everything from a scenario to a report. */
export async function runCommand(
  [scenario]: readonly string[],
  options: RunOptions,
  surroundings: Surroundings,
): Promise<number> {
  const prepared =
    options.resume === undefined
      ? await prepareNew(scenario ?? 'quick', options, surroundings)
      : await prepareResumed(options.resume, options, surroundings)
  const { writer } = prepared
  try {
    await carryOut(prepared, surroundings)
  } catch (error) {
    throw withResume(error, prepared.run.id)
  } finally {
    await writer.close()
  }
  const analysis = analyse(await readRun(writer.dir))
  const report = await writeReport(analysis, writer.dir)
  show(analysis, report, options, surroundings)
  if (options.open) await openInBrowser(report, surroundings)
  return hasEmptyCell(analysis) ? EXIT.invalid : EXIT.ok
}

async function prepareNew(scenario: string, options: RunOptions, surroundings: Surroundings): Promise<Prepared> {
  const { plan, platform } = await choosePlan(scenario, options, surroundings)
  const provided = await provide(platform, plan, surroundings)
  const now = new Date()
  const run: Run = {
    schema: RESULT_SCHEMA,
    id: runId(now, plan.scenario.name, Math.random),
    startedAt: now.toISOString(),
    digest: planDigest(plan),
    plan,
    provenance: await collectProvenance({
      platform: platform.name,
      provided,
      argv: surroundings.argv,
      cwd: surroundings.cwd,
    }),
  }
  const writer = await createRun(resolve(surroundings.cwd, options.results), run)
  return { run, platform, finished: new Set(), writer }
}

async function prepareResumed(given: string | true, options: RunOptions, surroundings: Surroundings) {
  const dir = await findRun(resolve(surroundings.cwd, options.results), given === true ? undefined : given)
  const { run, finished, writer } = await reopenRun(dir)
  try {
    const platform = await openPlatform(run.provenance.platform as Platform['name'])
    refuseOtherTools(run, await provide(platform, run.plan, surroundings))
    return { run, platform, finished, writer }
  } catch (error) {
    await writer.close()
    throw error
  }
}

/** Trials of one run must be comparable: the same programs, to the byte. */
function refuseOtherTools(run: Run, provided: Provided): void {
  for (const before of run.provenance.tools) {
    const now = provided.tools.find(({ name }) => name === before.name)
    if (now?.version === before.version && now.sha256 === before.sha256) continue
    throw new Failure('plan-changed', `${before.name} is not what this run began with`, {
      cause: `then ${before.version} (${before.sha256?.slice(0, 12)}), now ${now?.version ?? 'absent'} (${now?.sha256?.slice(0, 12)})`,
      fix: `Put ${before.name} ${before.version} back, or begin a new run.`,
    })
  }
}

/** Checks what stands in the way, then fetches what is missing. */
async function provide(platform: Platform, plan: Plan, { stderr, env, signal }: Surroundings): Promise<Provided> {
  const style = styleFor(stderr, env)
  const findings = (await platform.check(plan)).filter(({ severity }) => severity !== 'ok')
  if (findings.length > 0) stderr.write(findingsText(findings, style))
  if (findings.some(({ severity }) => severity === 'error')) {
    throw new Failure('not-ready', `the platform ${platform.name} is not ready for this plan`, {
      fix: 'Each finding above says how; `meshbench doctor` looks again.',
    })
  }
  const steps = platform.prepare(plan, signal)
  let next = await steps.next()
  while (!next.done) {
    stderr.write(`${style.dim(next.value.title)}\n`)
    next = await steps.next()
  }
  return next.value
}

async function carryOut({ run: about, platform, finished, writer }: Prepared, surroundings: Surroundings) {
  const view = watch(about.plan, finished, surroundings)
  surroundings.emergency.run = () => killAll(platform, about.id)
  try {
    const events = run(remaining(about.plan, finished), finished.size, {
      platform,
      loads,
      identity: { id: about.id },
      signal: surroundings.signal,
      now: () => Date.now() / 1000,
    })
    for await (const event of events) {
      await writer.write(event)
      view.show(event)
    }
  } finally {
    view.stop()
  }
}

/** The second Ctrl-C: nothing is asked any more. Returns what could not be removed. */
async function killAll(platform: Platform, id: string): Promise<string[]> {
  const left = (await platform.leftovers()).filter(({ run }) => run === id)
  const outcomes = await Promise.allSettled(left.map((leftover) => leftover.remove()))
  return left.flatMap(({ what }, index) => (outcomes[index]?.status === 'rejected' ? [`left behind: ${what}`] : []))
}

function withResume(error: unknown, id: string): Failure {
  const failure = Failure.from(error)
  const resume = `Finished trials are kept; go on with: meshbench run --resume ${id}`
  return new Failure(failure.code, failure.message, {
    ...(failure.why === undefined ? {} : { cause: failure.why }),
    fix: failure.fix === undefined ? resume : `${failure.fix} ${resume}`,
  })
}

function show(analysis: Analysis, report: string, options: RunOptions, { stdout, stderr, env }: Surroundings): void {
  if (options.json) stdout.write(`${JSON.stringify({ schema: 1, command: 'run', report, analysis })}\n`)
  else stdout.write(`${statements(analysis, 'p99').join('\n')}\n\n${analysisTable(analysis, styleFor(stdout, env))}\n`)
  stderr.write(`\nreport: ${report}\n`)
}

/** A cell without one valid trial is a hole in the comparison, whatever the other cells say. */
function hasEmptyCell({ trials, record }: Analysis): boolean {
  const { arms, loads } = record.run.plan.scenario
  const valid = new Set(
    trials.filter(({ status }) => status === 'valid').map(({ result }) => `${result.trial.arm}/${result.trial.load}`),
  )
  return arms.some((arm) => loads.some((load) => !valid.has(`${arm.name}/${load.name}`)))
}
