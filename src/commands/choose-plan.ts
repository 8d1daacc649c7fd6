import { meshes } from '../meshes/index.ts'
import { Failure } from '../model/failure.ts'
import type { Plan } from '../model/plan.ts'
import type { Platform } from '../model/platform.ts'
import type { Scenario } from '../model/scenario.ts'
import type { Site } from '../model/site.ts'
import { PLATFORM_TRAITS, type PlatformName, UNASKED } from '../model/traits.ts'
import { formatSize, parseDuration } from '../model/units.ts'
import { makePlan } from '../plan/make-plan.ts'
import { parseShard, shardPlan } from '../plan/shards.ts'
import { costsOf, fitToBudget } from '../plan/time.ts'
import { openPlatform } from '../platforms/index.ts'
import { memoryNeeded } from '../platforms/kind/check/capacity.ts'
import { type Hindrance, type KindProbe, probeKind } from '../platforms/kind/check/probe.ts'
import { featureArms } from '../scenario/features/feature-arms.ts'
import { fittingPlatforms } from '../scenario/platform-rules.ts'
import { type LoadOptions, select } from '../scenario/select.ts'
import { readSite } from '../site/read-site.ts'
import type { CommandContext, CommonOptions } from './command-context.ts'
import { commaList } from './names.ts'
import { folderOf, readScenario } from './read-scenario.ts'
import { DEFAULT_SCENARIO, shippedScenarios } from './shipped-scenarios.ts'

/**
 * Scenario and command line → the plan, the platform that carries it out, and where it fetches from. `measures`: whether the
 * plan is carried out at once.
 */
export async function choosePlan(
  given: string | undefined,
  options: SelectionOptions,
  context: CommandContext,
  { measures = false }: { readonly measures?: boolean } = {},
): Promise<{ plan: Plan; platform: Platform; site: Site }> {
  const { env, cwd } = context
  const budget = timeBudget(options)
  const site = await readSite(options.site, env, { cwd })
  const scenario = await choosePlatform({ given, options, site, context, probe: probeKind(), measures })
  const folder = folderOf(given ?? DEFAULT_SCENARIO, cwd)
  const platform = await openPlatform(scenario.platform, { ...platformOptions(site, options), folder })
  const whole = makePlan(scenario)
  const fitting = budget === undefined ? whole : fitToBudget(whole, costsOf(platform.name, whole.scenario), budget)
  const plan = options.shard === undefined ? fitting : shardPlan(fitting, parseShard(options.shard))
  return { plan, platform, site }
}

/** What the command line tells a platform. */
export function platformOptions(site: Site, { keep, kubeconfig }: Pick<SelectionOptions, 'keep' | 'kubeconfig'>) {
  return { site, keep: keep === true, kubeconfig }
}

/** A scenario with the platform that it will be measured on. */
type Settled = Scenario & { readonly platform: PlatformName }

interface Choice {
  /** As typed; the default scenario when absent. */
  readonly given: string | undefined
  readonly options: SelectionOptions
  readonly site: Site
  readonly context: CommandContext
  readonly probe: KindProbe
  /** Whether the plan is carried out at once; if not, a platform that cannot be used here is no reason to refuse it. */
  readonly measures: boolean
}

/**
 * Chooses scenario and platform: the platform of the command line or the scenario; otherwise the preferred one if clusters can be
 * created; otherwise this host, if the scenario allows it. The automatic choice is printed with its reason.
 */
export async function choosePlatform({ given, options, site, context, probe, measures }: Choice): Promise<Settled> {
  const { preferred, instead, forAny } = UNASKED
  const say = (line: string) => void context.stderr.write(`${line}\n`)
  const name = given ?? (options.platform === instead ? `${DEFAULT_SCENARIO}-${instead}` : DEFAULT_SCENARIO)
  const scenario = await chooseScenario(name, options, context)
  if (scenario.platform) return withIsolation({ ...scenario, platform: scenario.platform }, probe, say)
  const fitting = fittingPlatforms(scenario.arms.flatMap(({ mesh }) => meshes[mesh] ?? []))
  if (!fitting.includes(preferred)) return { ...scenario, platform: fitting[0] ?? forAny }
  const hindrance = await probe.hindrance(scenario, site)
  if (!hindrance) {
    say(`platform ${preferred}: Docker answers, and every image is local or its registry answers`)
    return withIsolation({ ...scenario, platform: preferred }, probe, say)
  }
  if (fitting.includes(instead)) {
    say(`platform ${instead}: ${hindrance.cause}\n  for clusters: ${hindrance.remedy}`)
    return { ...scenario, platform: instead }
  }
  const isAsked = given !== undefined || options.arms !== undefined || options.loads !== undefined
  if (isAsked && measures) throw await noClusters(name, hindrance)
  if (isAsked) {
    say(`platform ${preferred}, which cannot be used here: ${hindrance.cause}\n  ${hindrance.remedy}`)
    return { ...scenario, platform: preferred }
  }
  say(
    `platform ${instead}, scenario ${DEFAULT_SCENARIO}-${instead}: ${hindrance.cause}\n` +
      `  for real meshes: ${hindrance.remedy}; then again, or meshbench doctor --platform ${preferred}`,
  )
  return { ...(await chooseScenario(`${DEFAULT_SCENARIO}-${instead}`, options, context)), platform: instead }
}

async function noClusters(name: string, { cause, remedy }: Hindrance): Promise<Failure> {
  const variant = await localVariant(name)
  return new Failure('no-clusters', `the scenario ${name} needs clusters, which cannot be created here`, {
    cause,
    remedy: `${remedy}.${variant ? ` Without clusters: meshbench run ${variant}` : ''}`,
  })
}

/** Sets isolation to sequential if the memory is too small for all arms at once. */
async function withIsolation(scenario: Settled, probe: KindProbe, say: (line: string) => void): Promise<Settled> {
  if (!PLATFORM_TRAITS[scenario.platform].ownClusters || scenario.isolation) return scenario
  const there = await probe.memory()
  const needed = memoryNeeded(scenario.arms, 'frozen')
  if (there === undefined || there >= needed) return { ...scenario, isolation: 'frozen' }
  say(
    `isolation sequential: ${scenario.arms.length} arms at once need ${formatSize(needed)} of memory, but ${formatSize(there)} is available\n` +
      '  arms are measured one after the other, so drift cannot be separated from differences; use fewer --arms, or --isolation shared or frozen, to interleave them',
  )
  return { ...scenario, isolation: 'sequential' }
}

/** Options that choose what of a scenario is planned, as the command line gives them. */
export interface SelectionOptions extends CommonOptions, LoadOptions {
  readonly platform?: Scenario['platform']
  readonly profile?: Scenario['profile']
  readonly isolation?: Scenario['isolation']
  readonly arms?: string
  readonly loads?: string
  readonly blocks?: string
  readonly cohorts?: string
  readonly seed?: string
  readonly timeBudget?: string
  readonly site?: string
  readonly shard?: string
  readonly context?: string
  readonly kubeconfig?: string
  /** Of `run` alone. */
  readonly keep?: boolean
  /** Of `run` alone: agrees to what the platform asks. */
  readonly yes?: boolean
  /** Of `features` alone: arms with features are made of the scenario's. */
  readonly cost?: boolean
  /** Of `features` alone: their names. */
  readonly probes?: string
}

/** Reads a scenario, shipped or from a file, and applies the command line to it. */
export async function chooseScenario(
  given: string,
  options: SelectionOptions,
  { cwd }: Pick<CommandContext, 'cwd'>,
): Promise<Scenario> {
  const read = await readScenario(given, cwd)
  const scenario = options.cost ? featureArms(read, askedFeatures(options)).scenario : read
  const { context } = options
  const cluster = context === undefined ? {} : { cluster: { ...scenario.cluster, context } }
  return select(
    { ...scenario, ...cluster },
    {
      ...(options.platform && { platform: options.platform }),
      ...(options.profile && { profile: options.profile }),
      ...(options.isolation && { isolation: options.isolation }),
      ...(options.arms && !options.cost && { arms: commaList(options.arms) }),
      ...(options.loads && { loads: commaList(options.loads) }),
      load: loadOptions(options),
      ...count('blocks', options.blocks, 1),
      ...count('cohorts', options.cohorts, 1),
      ...count('seed', options.seed, 0),
    },
  )
}

/** Which arms and features `features --cost` is asked for. */
export function askedFeatures({ arms, probes }: Pick<SelectionOptions, 'arms' | 'probes'>) {
  return {
    ...(arms !== undefined && { arms: commaList(arms) }),
    ...(probes !== undefined && { probes: commaList(probes) }),
  }
}

const LOAD_KEYS = ['tool', 'protocol', 'rate', 'connections', 'generators', 'payload', 'warmup', 'duration'] as const

function loadOptions(options: LoadOptions): LoadOptions {
  return Object.fromEntries(LOAD_KEYS.flatMap((key) => (options[key] === undefined ? [] : [[key, options[key]]])))
}

/** Seconds of `--time-budget`, or undefined when it was not given. */
function timeBudget({ timeBudget }: SelectionOptions): number | undefined {
  if (timeBudget === undefined) return undefined
  const seconds = parseDuration(timeBudget)
  if (seconds !== undefined && seconds > 0) return seconds
  throw new Failure('usage', `--time-budget ${timeBudget} is not a duration`, {
    remedy: 'Write a number with a unit: 20m.',
  })
}

/** The shipped local scenario that corresponds to a scenario for clusters. */
async function localVariant(name: string): Promise<string | undefined> {
  return (await shippedScenarios()).find((candidate) => candidate === `${name}-${UNASKED.instead}`)
}

function count<Name extends string>(name: Name, text: string | undefined, least: number): { [name in Name]?: number } {
  if (text === undefined) return {}
  const value = Number(text)
  if (text.trim() !== '' && Number.isInteger(value) && value >= least) return { [name]: value } as never
  throw new Failure('usage', `--${name} ${text} is not a whole number from ${least}`, {
    remedy: `Give a whole number: --${name} ${Math.max(least, 3)}`,
  })
}
