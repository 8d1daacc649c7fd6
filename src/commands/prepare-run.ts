import { resolve } from 'node:path'
import { Failure } from '../model/failure.ts'
import type { Plan } from '../model/plan.ts'
import type { Platform, Provided } from '../model/platform.ts'
import { RESULT_SCHEMA, type Run } from '../model/result.ts'
import { openPlatform } from '../platforms/index.ts'
import { readSite } from '../site/read-site.ts'
import { createRun } from '../store/create-run.ts'
import { planDigest } from '../store/digest.ts'
import { findRun } from '../store/find-run.ts'
import { collectProvenance } from '../store/provenance.ts'
import { reopenRun } from '../store/reopen-run.ts'
import { runId } from '../store/run-id.ts'
import type { RunWriter } from '../store/run-writer.ts'
import { findingsText } from '../ui/findings.ts'
import { styleFor } from '../ui/style.ts'
import { choosePlan } from './choose-plan.ts'
import type { SelectionOptions } from './selection.ts'
import type { Surroundings } from './surroundings.ts'

/** A run that can start: its whole schedule, what of it is finished, and where it is written. */
export interface Prepared {
  readonly run: Run
  readonly platform: Platform
  readonly finished: ReadonlySet<string>
  readonly writer: RunWriter
}

/** From a scenario: checked, everything fetched, its folder made. */
export async function prepareNew(
  scenario: string | undefined,
  options: SelectionOptions,
  surroundings: Surroundings,
): Promise<Prepared> {
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

/** From the folder of a run that was interrupted: the newest, or the one named. */
export async function prepareResumed(
  given: string | true,
  options: SelectionOptions,
  surroundings: Surroundings,
): Promise<Prepared> {
  const dir = await findRun(resolve(surroundings.cwd, options.results), given === true ? undefined : given)
  const site = await readSite(options.site, surroundings.env, { cwd: surroundings.cwd })
  const { run, finished, writer } = await reopenRun(dir)
  try {
    const platform = await openPlatform(run.provenance.platform as Platform['name'], {
      site,
      keep: options.keep === true,
    })
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
