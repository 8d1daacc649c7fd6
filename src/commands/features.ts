import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import type { Probe } from '../features/feature-probe.ts'
import { probeFeatures } from '../features/probe-features.ts'
import { probes as allProbes } from '../features/probes/index.ts'
import { EXIT, type ExitCode } from '../model/exit-codes.ts'
import { Failure } from '../model/failure.ts'
import {
  FEATURE_SCHEMA,
  FEATURE_VERDICTS,
  type FeatureResult,
  type FeatureVerdict,
  featureResultSchema,
  featureWords,
} from '../model/feature.ts'
import type { Plan } from '../model/plan.ts'
import type { Platform } from '../model/platform.ts'
import { RUN_FOLDER } from '../model/run-folder.ts'
import { redact } from '../model/secrets.ts'
import { count, list } from '../model/words.ts'
import { featuresMarkdown, featuresPage, type ProbedFeatures } from '../report/site/features-page.ts'
import { featureArms } from '../scenario/features/feature-arms.ts'
import { collectProvenance } from '../store/collect-provenance.ts'
import {
  createFeatureRun,
  type FeatureRun,
  type FeatureWriter,
  reopenFeatureRun,
} from '../store/features/feature-store.ts'
import { runId } from '../store/find-run.ts'
import { planDigest } from '../store/read-run.ts'
import { type Style, styleFor } from '../ui/terminal-style.ts'
import { type Entry, grid, paragraph } from '../ui/text-layout.ts'
import { suggest } from '../yaml/yaml-finding.ts'
import { askedFeatures, choosePlan, type SelectionOptions } from './choose-plan.ts'
import type { CommandContext } from './command-context.ts'
import { commaList } from './names.ts'
import { agree, provide } from './prepare-run.ts'
import { readScenario } from './read-scenario.ts'
import { killAll, runCommand } from './run.ts'
import { replaceFile } from './write-report.ts'

interface FeaturesOptions extends SelectionOptions {
  readonly resume?: string
  readonly expect?: string
}

/** The scenarios that are taken where none is named. */
const DEFAULT = 'features'
const DEFAULT_COST = 'feature-cost'

/** `meshbench features`: tries features of every arm with real requests. */
export async function featuresCommand(
  [given]: readonly string[],
  options: FeaturesOptions,
  context: CommandContext,
): Promise<number> {
  if (options.cost) return measureCost(given, options, context)
  refuseMeasuring(options)
  const scenario = given ?? DEFAULT
  const { stdout, stderr, env } = context
  const expected = options.expect === undefined ? undefined : await readExpected(resolve(context.cwd, options.expect))
  const probes = chosenProbes(options)
  const { plan: chosen, platform } = await choosePlan(scenario, options, context, { measures: true })
  // Probes send single requests, from one client.
  const loads = chosen.scenario.loads.map(({ generators: _, ...load }) => load)
  const plan: Plan = { ...chosen, scenario: { ...chosen.scenario, loads } }
  if (expected) refuseUntried(expected, plan, probes)
  const { run, writer } = await prepare(plan, probes, platform, options, context)
  const results = [...writer.finished]
  try {
    await using _ = writer
    await carryOut({ plan, probes, platform, run, writer, results }, context)
  } catch (error) {
    const { code, message, why, remedy } = Failure.from(error)
    const resume = `Finished probes are kept; continue with the same command and --resume ${run.id}`
    throw new Failure(code, message, {
      ...(why !== undefined && { cause: why }),
      remedy: remedy === undefined ? resume : `${remedy} ${resume}`,
    })
  }
  context.settled?.()
  const probed: ProbedFeatures = { ...run, run: run.id, probes, results }
  const report = join(writer.dir, RUN_FOLDER.report)
  const summary = join(writer.dir, RUN_FOLDER.summary)
  await replaceFile(report, featuresPage(probed))
  await replaceFile(summary, featuresMarkdown(probed))
  const broken = expected && brokenOf(expected, results)
  if (options.json) {
    stdout.writeJson({
      schema: 1,
      command: 'features',
      run: run.id,
      report,
      summary,
      results,
      ...(broken && { broken }),
    })
  } else {
    const arms = run.arms.map(({ name }) => name)
    stdout.write(`${featureTable({ features: probes, arms, results }, styleFor(stdout, env))}\n`)
  }
  stderr.write(`\nreport: ${report}\nsummary: ${summary}\n`)
  for (const { arm, feature, verdict, reason } of broken ?? []) {
    stderr.alert(`${arm}, ${feature}: it used to work; now: ${FEATURE_VERDICTS[verdict].title} (${reason})\n`)
  }
  return exitOf(broken)
}

/** `meshbench features --cost`: a run of arms with and without features. It is resumed, reported and gated as any run is. */
async function measureCost(
  given: string | undefined,
  options: FeaturesOptions,
  context: CommandContext,
): Promise<number> {
  if (options.expect !== undefined) {
    throw new Failure('usage', '--cost and --expect exclude each other', {
      remedy: 'Limits of a cost are those of the gate: meshbench gate --limits FILE.',
    })
  }
  if (options.resume !== undefined) return runCommand(given === undefined ? [] : [given], options, context)
  const scenario = given ?? DEFAULT_COST
  const { leftOut } = featureArms(await readScenario(scenario, context.cwd), askedFeatures(options))
  for (const { arm, feature, why } of leftOut) context.stderr.write(`left out: ${feature} on ${arm}. ${why}\n`)
  return runCommand([scenario], options, context)
}

/** Probes send single requests, and measure nothing. */
function refuseMeasuring(options: SelectionOptions): void {
  const unfit = (['blocks', 'rate', 'duration'] as const).find((key) => options[key] !== undefined)
  if (unfit === undefined) return
  throw new Failure('usage', `--${unfit} is for --cost`, { remedy: `Add --cost, or leave out --${unfit}.` })
}

/** Those of `--probes`, or all. */
function chosenProbes({ probes: text }: Pick<FeaturesOptions, 'probes'>): readonly Probe[] {
  if (text === undefined) return allProbes
  const wanted = new Set(commaList(text))
  const names = allProbes.map(({ name }) => name)
  const wrong = [...wanted].find((name) => !names.includes(name))
  if (wrong !== undefined) {
    throw new Failure('usage', `there is no probe ${wrong}`, { remedy: suggest(wrong, names) })
  }
  return allProbes.filter(({ name }) => wanted.has(name))
}

async function prepare(
  plan: Plan,
  probes: readonly Probe[],
  platform: Platform,
  options: FeaturesOptions,
  context: CommandContext,
): Promise<{ run: FeatureRun; writer: FeatureWriter }> {
  const { cwd } = context
  const root = resolve(cwd, options.results)
  const features = probes.map(({ name }) => name)
  const digest = planDigest(redact(plan))
  const opened =
    options.resume === undefined ? undefined : await reopenFeatureRun(root, options.resume, { digest, features })
  try {
    await agree(platform, plan, options, context)
    const ahead = `${count(features.length, 'probe')} of ${count(plan.scenario.arms.length, 'arm')}, some seconds each`
    const provided = await provide(platform, plan, context, ahead)
    if (opened) return opened
    const now = new Date()
    const run: FeatureRun = {
      schema: FEATURE_SCHEMA,
      id: runId(now, plan.scenario.name, Math.random),
      startedAt: now.toISOString(),
      digest,
      arms: plan.scenario.arms.map(({ name, mesh }) => ({ name, mesh })),
      features,
      provenance: await collectProvenance({ platform: platform.name, provided, argv: redact(context.argv), cwd }),
    }
    return { run, writer: await createFeatureRun(root, run) }
  } catch (error) {
    await opened?.writer[Symbol.asyncDispose]()
    throw error
  }
}

interface Probing {
  readonly plan: Plan
  readonly probes: readonly Probe[]
  readonly platform: Platform
  readonly run: FeatureRun
  readonly writer: FeatureWriter
  /** Those that are there already; new ones are added. */
  readonly results: FeatureResult[]
}

async function carryOut(
  { plan, probes, platform, run, writer, results }: Probing,
  { signal, stderr, emergency }: CommandContext,
): Promise<void> {
  emergency.run = () => killAll(platform, run.id)
  const finished = new Set(results.map(({ arm, feature }) => `${arm} ${feature}`))
  const events = probeFeatures(plan, {
    platform,
    identity: { id: run.id },
    probes,
    signal,
    now: () => Date.now() / 1000,
    nonce: () => randomBytes(8).toString('hex'),
    isFinished: (arm, feature) => finished.has(`${arm} ${feature}`),
  })
  for await (const event of events) {
    if (event.type === 'step') stderr.write(`${event.arm === undefined ? '' : `${event.arm}: `}${event.title}\n`)
    if (event.type === 'installed') await writer.installed(event.installation)
    if (event.type !== 'result') continue
    const { result } = event
    // What could not be tried is tried again by --resume.
    if (result.verdict !== 'not-tried') await writer.write(result)
    results.push(result)
    stderr.write(`${result.arm}, ${result.feature}: ${FEATURE_VERDICTS[result.verdict].title}. ${result.reason}\n`)
  }
}

const expectedSchema = z.object({ command: z.literal('features'), results: z.array(featureResultSchema) })

/** The document of an earlier `features --json`. */
async function readExpected(file: string): Promise<readonly FeatureResult[]> {
  try {
    return expectedSchema.parse(JSON.parse(await readFile(file, 'utf8'))).results
  } catch (cause) {
    throw new Failure('usage', `${file} is not what \`meshbench features --json\` prints`, {
      cause,
      remedy: 'Name a file that was made with: meshbench features --json > features.json',
    })
  }
}

function cellsThatWorked(expected: readonly FeatureResult[]): Set<string> {
  return new Set(expected.flatMap(({ arm, feature, verdict }) => (verdict === 'works' ? [`${arm} ${feature}`] : [])))
}

/** What is expected and would not be tried is said before anything is made. */
function refuseUntried(expected: readonly FeatureResult[], { scenario }: Plan, probes: readonly Probe[]): void {
  const planned = new Set(scenario.arms.flatMap(({ name: arm }) => probes.map(({ name }) => `${arm} ${name}`)))
  const absent = [...cellsThatWorked(expected).difference(planned)]
  if (absent.length === 0) return
  throw new Failure('usage', `${count(absent.length, 'feature')} that worked would not be tried`, {
    cause: list(absent),
    remedy: 'Leave out --arms and --probes, or make a new file of expectations.',
  })
}

/** What worked and does not any more. */
function brokenOf(expected: readonly FeatureResult[], results: readonly FeatureResult[]): FeatureResult[] {
  const worked = cellsThatWorked(expected)
  return results.filter(({ arm, feature, verdict }) => verdict !== 'works' && worked.has(`${arm} ${feature}`))
}

/** What could not be tried is no regression, and no success. */
function exitOf(broken: readonly FeatureResult[] | undefined): ExitCode {
  if (!broken || broken.length === 0) return EXIT.ok
  return broken.every(({ verdict }) => verdict === 'not-tried') ? EXIT.invalid : EXIT.regression
}

/** What the matrix is made of: titles of features in its order, and the arms as its columns. */
interface FeatureMatrix {
  readonly features: readonly { readonly name: string; readonly title: string }[]
  readonly arms: readonly string[]
  readonly results: readonly FeatureResult[]
}

/** Features × arms on a terminal, a legend of what occurs, and why something is not there. */
function featureTable({ features, arms, results }: FeatureMatrix, style: Style): string {
  const cells = new Map(results.map((result) => [`${result.arm} ${result.feature}`, result]))
  const head: Entry[] = ['', ...arms].map((text) => ({ text: style.plain(text), paint: style.dim }))
  const rows = features.map(({ name, title }): Entry[] => [
    { text: style.plain(title) },
    ...arms.map((arm) => entry(cells.get(`${arm} ${name}`), style)),
  ])
  const seen = new Set(results.map(({ verdict }) => verdict))
  const legend = (Object.keys(FEATURE_VERDICTS) as FeatureVerdict[]).filter((verdict) => seen.has(verdict))
  const words = legend.map((verdict) => `${FEATURE_VERDICTS[verdict].title}: ${FEATURE_VERDICTS[verdict].meaning}`)
  const odd = results.filter(({ verdict }) => verdict !== 'works' && verdict !== 'unsupported')
  const reasons = Map.groupBy(odd, ({ arm, reason }) => `${arm} ${reason}`)
  return [
    grid([head, ...rows], style.width),
    style.dim(
      paragraph(
        `${words.join('. ')}. Times run from the moment that the API server accepted the objects until requests showed the behaviour.`,
        {
          width: style.width,
        },
      ),
    ),
    ...[...reasons.values()].map((same) => {
      const [{ arm, reason }] = same as [FeatureResult]
      const which = list(same.map(({ feature }) => feature))
      return paragraph(style.plain(`${arm}, ${which}: ${reason}`), { indent: '  ', width: style.width })
    }),
  ].join('\n')
}

function entry(result: FeatureResult | undefined, style: Style): Entry {
  if (!result) return { text: '' }
  const { verdict } = result
  const paint = verdict === 'works' ? style.bold : style.dim
  return { text: featureWords(result), paint }
}
