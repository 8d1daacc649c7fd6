import { resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { type OpenSearches, openSearches } from '../analyse/capacity/searches.ts'
import { examiner } from '../analyse/judge-trial.ts'
import { provisions } from '../compare/standing.ts'
import { suspectsOf } from '../gate/gate-run.ts'
import type { Analysis } from '../model/analysis.ts'
import { Failure } from '../model/failure.ts'
import { blockCount, type Plan, trialsOf } from '../model/plan.ts'
import type { Platform, Provided, Script } from '../model/platform.ts'
import { RUN_SCHEMA, type Run, type Suspect } from '../model/result.ts'
import type { Arm } from '../model/scenario.ts'
import { REDACTED, redact } from '../model/secrets.ts'
import { PLATFORM_TRAITS } from '../model/traits.ts'
import { formatDuration, formatShare, milliseconds, type Seconds } from '../model/units.ts'
import { count, list } from '../model/words.ts'
import { extendPlan } from '../plan/extend-plan.ts'
import { costsOf, estimate } from '../plan/time.ts'
import { openPlatform } from '../platforms/index.ts'
import { readSite } from '../site/read-site.ts'
import { collectProvenance } from '../store/collect-provenance.ts'
import { findRun, runId } from '../store/find-run.ts'
import { planDigest, writeExtension } from '../store/read-run.ts'
import { newestUnfinished, reopenRun } from '../store/reopen-run.ts'
import { createRun, type RunWriter } from '../store/run-writer.ts'
import { findingsText } from '../ui/failure-text.ts'
import { styleFor } from '../ui/terminal-style.ts'
import { agrees, asking } from './ask.ts'
import { choosePlan, chooseScenario, platformOptions, type SelectionOptions } from './choose-plan.ts'
import type { CommandContext } from './command-context.ts'
import { busyFinding } from './early-stop.ts'
import { analysisOf, chooseLimits, type GateOptions, judge } from './gate.ts'
import { folderOf, readScenario } from './read-scenario.ts'
import { plannedScripts } from './read-scripts.ts'

/** A run that is ready to start: its schedule, the finished part, and its folder. */
export interface Prepared {
  /** As stored: without secrets. */
  readonly run: Run
  /** The same plan with its secrets. */
  readonly plan: Plan
  /** Scripts of its loads by their SHA-256; their text is not stored. */
  readonly scripts: ReadonlyMap<string, Script>
  readonly platform: Platform
  /** Planned trials that have ended: those with a result, and searches that need no more trials. */
  readonly finished: ReadonlySet<string>
  /** Absent where nothing is searched. */
  readonly searches: OpenSearches | undefined
  readonly writer: RunWriter
}

/** Prepares a new run from a scenario: checks, downloads, and creates its folder. */
export async function prepareNew(
  scenario: string | undefined,
  options: SelectionOptions,
  context: CommandContext,
): Promise<Prepared> {
  const { plan, platform } = await choosePlan(scenario, options, context, { measures: true })
  await agree(platform, plan, options, context)
  const scripts = scriptsOf(plan, scenario, context)
  const provided = await provide(platform, plan, context)
  const now = new Date()
  const stored = redact(plan)
  const run: Run = {
    schema: RUN_SCHEMA,
    id: runId(now, plan.scenario.name, Math.random),
    startedAt: now.toISOString(),
    digest: planDigest(stored),
    plan: stored,
    provenance: await collectProvenance({
      platform: platform.name,
      provided,
      argv: redact(context.argv),
      cwd: context.cwd,
    }),
  }
  const writer = await createRun(resolve(context.cwd, options.results), run)
  return { run, plan, scripts, platform, finished: new Set(), searches: openSearches(plan), writer }
}

/** Prepares an interrupted run: the newest that is not finished, or the named one. */
export async function prepareResumed(
  given: string | true,
  scenario: string | undefined,
  options: SelectionOptions,
  context: CommandContext,
): Promise<Prepared> {
  const results = resolve(context.cwd, options.results)
  const unfinished = given === true ? await newestUnfinished(results) : undefined
  const dir = unfinished ?? (await findRun(results, given === true ? undefined : given))
  const site = await readSite(options.site, context.env, { cwd: context.cwd })
  const { run, finished, results: examined, writer } = await reopenRun(dir, examiner)
  try {
    const plan = await withApplication(await withSecrets(run, scenario, options, context), run.id, scenario, context)
    const scripts = scriptsOf(plan, scenario, context, run.id)
    const platform = await openPlatform(run.provenance.platform as Platform['name'], {
      ...platformOptions(site, options),
      folder: scenario === undefined ? undefined : folderOf(scenario, context.cwd),
    })
    await agree(platform, plan, options, context)
    refuseOtherTools(run, await provide(platform, plan, context))
    const searches = openSearches(
      plan,
      examined.map(({ trial }) => trial),
    )
    const ended = new Set(searches?.ended())
    const settled = finished.union(ended).intersection(plannedIds(plan))
    return { run, plan, scripts, platform, finished: settled, searches, writer }
  } catch (error) {
    await writer.close()
    throw error
  }
}

function plannedIds(plan: Plan): Set<string> {
  return new Set(trialsOf(plan).map(({ id }) => id))
}

/** The plan of a stored run with the request of its workload, whose headers may hold secrets; its files must be the same still. */
async function withApplication(
  plan: Plan,
  id: string,
  given: string | undefined,
  context: CommandContext,
): Promise<Plan> {
  const { workload, loads } = plan.scenario
  if (!workload || workload.services) return plan
  if (given === undefined) {
    throw new Failure('not-resumable', `the manifests of ${workload.manifests} are not stored with the run`, {
      cause: 'they may hold secrets, and their paths are relative to the scenario file',
      remedy: `Name its scenario as well: meshbench run SCENARIO --resume ${id}`,
    })
  }
  const now = await readScenario(given, context.cwd)
  const [before, after] = [loads[0]?.applicationSha256, now.loads[0]?.applicationSha256]
  if (before !== after || !isDeepStrictEqual(redact(now.workload), workload)) {
    throw new Failure('plan-changed', `the workload of ${given} is not the one that this run started with`, {
      cause:
        before === after ? 'its keys differ' : `its files: then ${before?.slice(0, 12)}, now ${after?.slice(0, 12)}`,
      remedy: 'Restore it, or start a new run.',
    })
  }
  const same = now.workload && !now.workload.services ? now.workload : workload
  const { service: _, port: __, ...request } = same.entrance
  return {
    ...plan,
    scenario: {
      ...plan.scenario,
      workload: same,
      loads: loads.map((load) => (load.request ? { ...load, request } : load)),
    },
  }
}

/** The scripts of a plan. `resumed`: the run that is, whose plan does not say where its scenario file was. */
function scriptsOf(
  { scenario: { loads } }: Plan,
  given: string | undefined,
  { cwd }: Pick<CommandContext, 'cwd'>,
  resumed?: string,
): ReadonlyMap<string, Script> {
  const names = loads.flatMap(({ script }) => script ?? [])
  if (names.length === 0) return new Map()
  if (given !== undefined) return plannedScripts(loads, folderOf(given, cwd))
  throw new Failure('not-resumable', `${list([...new Set(names)])} is not stored with the run`, {
    cause: 'scripts may hold secrets, and their paths are relative to the scenario file',
    remedy: `Name its scenario as well: meshbench run SCENARIO --resume ${resumed ?? ''}`.trim(),
  })
}

/** The plan of a stored run with the secrets of its scenario, which are not stored with it. */
async function withSecrets(
  { id, plan }: Run,
  given: string | undefined,
  options: SelectionOptions,
  context: CommandContext,
): Promise<Plan> {
  const isBare = ({ values }: Arm) => JSON.stringify(values ?? {}).includes(JSON.stringify(REDACTED))
  const bare = plan.scenario.arms.filter(isBare).map(({ name }) => name)
  if (bare.length === 0) return plan
  if (given === undefined) {
    throw new Failure('not-resumable', `the secrets in the values of ${list(bare)} are not stored with the run`, {
      remedy: `Name its scenario as well: meshbench run SCENARIO --resume ${id}`,
    })
  }
  const { arms } = await chooseScenario(given, options, context)
  const complete = (arm: Arm): Arm => {
    const values = arms.find(({ name }) => name === arm.name)?.values
    if (!isBare(arm)) return arm
    if (values && isDeepStrictEqual(redact(values), arm.values)) return { ...arm, values }
    throw new Failure('not-resumable', `the values of ${arm.name} in ${given} are not those of the run`, {
      remedy: 'Name the scenario that the run was started with.',
    })
  }
  return { ...plan, scenario: { ...plan.scenario, arms: plan.scenario.arms.map(complete) } }
}

/** Refuses to resume with other programs: all trials of a run must use identical binaries. */
function refuseOtherTools(run: Run, provided: Provided): void {
  for (const before of run.provenance.tools) {
    const now = provided.tools.find(({ name }) => name === before.name)
    if (now?.version === before.version && now.sha256 === before.sha256) continue
    throw new Failure('plan-changed', `${before.name} is not the program that this run started with`, {
      cause: `then ${before.version} (${before.sha256?.slice(0, 12)}), now ${now?.version ?? 'absent'} (${now?.sha256?.slice(0, 12)})`,
      remedy: `Restore ${before.name} ${before.version}, or start a new run.`,
    })
  }
}

/** Asks before anything of the user's is used: on a terminal, and elsewhere by `--yes`. */
export async function agree(
  platform: Platform,
  plan: Plan,
  { yes }: Pick<SelectionOptions, 'yes'>,
  context: CommandContext,
): Promise<void> {
  const asked = await platform.consent?.(plan)
  if (asked === undefined) return
  context.stderr.write(`${asked}\n`)
  if (yes) return
  if (context.stdin?.isTTY !== true) {
    throw new Failure('usage', 'nobody can be asked whether this cluster may be used', { remedy: 'Use --yes.' })
  }
  if (await asking(context, (ask) => agrees(ask, 'Go on?'))) return
  throw new Failure('interrupted', 'stopped before anything was changed')
}

/** Checks the platform, says what is ahead (what the plan's trials take, when `ahead` is absent), then downloads what is missing. */
export async function provide(
  platform: Platform,
  plan: Plan,
  { stderr, env, signal }: CommandContext,
  ahead?: string,
): Promise<Provided> {
  const style = styleFor(stderr, env)
  const checks = [platform.check(plan), ...(PLATFORM_TRAITS[platform.name].isHere ? [busyFinding(signal)] : [])]
  const findings = (await Promise.all(checks)).flat().filter(({ severity }) => severity !== 'ok')
  if (findings.length > 0) stderr.alert(findingsText(findings, style))
  if (findings.some(({ severity }) => severity === 'error')) {
    throw new Failure('not-ready', `the platform ${platform.name} is not ready for this plan`, {
      remedy: 'Follow the remedies above, then check with `meshbench doctor`.',
    })
  }
  stderr.write(`${ahead ?? timeAhead(platform, plan)}; what is missing on this machine is fetched first\n`)
  const steps = platform.prepare(plan, signal)
  let next = await steps.next()
  while (!next.done) {
    const { title } = next.value
    stderr.write(`${style.dim(title)}\n`)
    const since = Date.now()
    const still = () =>
      stderr.write(`${style.dim(`  still ${title}: ${formatDuration((Date.now() - since) / 1000)} so far`)}\n`)
    const sign = setInterval(still, milliseconds(SIGN_OF_LIFE))
    next = await steps.next().finally(() => clearInterval(sign))
  }
  return next.value
}

function timeAhead(platform: Platform, plan: Plan): string {
  const { seconds, measuring } = estimate(plan, costsOf(platform.name, plan.scenario))
  const share = seconds > 0 ? `, ${formatShare(Number((measuring / seconds).toPrecision(2)))} of it measuring` : ''
  return `${plan.scenario.name} takes about ${formatDuration(seconds)}${share}`
}

/** A step that takes longer says that it still runs. */
const SIGN_OF_LIFE: Seconds = 5

/**
 * Adds the blocks that a run's gate needs for its suspicions, and returns the folder of the run to resume. Undefined where
 * nothing is suspected. An existing extension is continued: the error rate allows only two stages.
 */
export async function extendRun(
  given: string | true,
  options: GateOptions,
  { cwd, stderr }: CommandContext,
): Promise<string | undefined> {
  const dir = await findRun(resolve(cwd, options.results), given === true ? undefined : given)
  const analysis = await analysisOf(dir)
  const { run } = analysis.record
  if (run.extension) return analysis.missing.length > 0 ? dir : nothingToDo(`${run.id} is already extended`, stderr)
  refuseUnfinished(analysis)
  const limits = await chooseLimits(run, options, cwd)
  if (limits.pinned !== undefined) return nothingToDo('the next run confirms a breach of a pinned reference', stderr)
  const suspects = suspectsOf(await judge(analysis, options, cwd))
  if (suspects.length === 0) return nothingToDo(`the gate suspects nothing in ${run.id}`, stderr)
  const cohorts = extendPlan(run.plan, {
    suspects,
    blocks: Math.max(...suspects.map((suspect) => limits.blocks.extendTo - plannedBlocks(analysis, suspect))),
    provisionsAnew: provisions(analysis.record),
  })
  await writeExtension(dir, run, { madeAt: new Date().toISOString(), suspects, cohorts })
  const named = suspects.map(({ arm, reference, load }) => `${arm} against ${reference} under ${load}`)
  const added = blockCount({ cohorts })
  stderr.write(`adding ${count(added, 'block')} of ${named.join('; ')}\n`)
  return dir
}

function nothingToDo(why: string, stderr: CommandContext['stderr']): undefined {
  stderr.write(`${why}: no blocks are added\n`)
}

function refuseUnfinished({ missing, record }: Analysis): void {
  if (missing.length === 0 && record.unreadable.length === 0) return
  const { id } = record.run
  throw new Failure('no-valid-data', `${id} is not finished, so its first stage cannot be judged`, {
    cause: `planned trials that did not run: ${missing.length}, unreadable files: ${record.unreadable.length}`,
    remedy: `Finish it: meshbench run --resume ${id}`,
  })
}

function plannedBlocks({ record }: Analysis, { arm, reference, load }: Suspect): number {
  const blocksOf = (name: string) => {
    const trials = trialsOf(record.run.plan).filter((trial) => trial.arm === name && trial.load === load)
    return new Set(trials.map(({ block }) => block))
  }
  return blocksOf(arm).intersection(blocksOf(reference)).size
}
