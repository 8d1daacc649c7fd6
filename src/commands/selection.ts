import { readdir, readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { closest } from 'fastest-levenshtein'
import { Failure } from '../model/failure.ts'
import type { Scenario } from '../model/scenario.ts'
import { parseDuration } from '../model/units.ts'
import { parseScenario, scenarioFailure } from '../scenario/parse.ts'
import { select } from '../scenario/select.ts'
import type { CommonOptions, Surroundings } from './surroundings.ts'

const SHIPPED = new URL('../../scenarios/', import.meta.url)

/** Options that choose what of a scenario is planned, as the command line gives them. */
export interface SelectionOptions extends CommonOptions {
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
  /** Of `run` alone. */
  readonly keep?: boolean
}

/** Reads a scenario, shipped or from a file, and applies the command line to it. */
export async function chooseScenario(
  given: string,
  options: SelectionOptions,
  { cwd }: Pick<Surroundings, 'cwd'>,
): Promise<Scenario> {
  const parsed = parseScenario(...(await scenarioText(given, cwd)))
  if (!parsed.scenario) throw scenarioFailure(parsed.problems)
  return select(parsed.scenario, {
    ...(options.platform && { platform: options.platform }),
    ...(options.profile && { profile: options.profile }),
    ...(options.isolation && { isolation: options.isolation }),
    ...(options.arms && { arms: list(options.arms) }),
    ...(options.loads && { loads: list(options.loads) }),
    ...count('blocks', options.blocks, 1),
    ...count('cohorts', options.cohorts, 1),
    ...count('seed', options.seed, 0),
  })
}

/** Seconds of `--time-budget`, or undefined when it was not given. */
export function timeBudget({ timeBudget }: SelectionOptions): number | undefined {
  if (timeBudget === undefined) return undefined
  const seconds = parseDuration(timeBudget)
  if (seconds !== undefined && seconds > 0) return seconds
  throw new Failure('usage', `--time-budget ${timeBudget} is not a duration`, { fix: 'Write it with its unit: 20m.' })
}

/** A name without a slash or ending is one of the shipped scenarios; anything else is a file. */
async function scenarioText(given: string, cwd: string): Promise<[text: string, file: string]> {
  const shipped = /^[\w-]+$/.test(given)
  const file = shipped ? new URL(`${given}.yaml`, SHIPPED) : resolve(cwd, given)
  try {
    return [await readFile(file, 'utf8'), shipped ? `${given}.yaml` : given]
  } catch (error) {
    throw new Failure('scenario', `there is no scenario ${given}`, { cause: error, fix: await remedy(given) })
  }
}

/** The shipped scenario that asks the same of this host, without clusters. */
export async function localTwin(name: string): Promise<string | undefined> {
  return (await shippedNames()).find((candidate) => candidate === `${name}-local`)
}

async function shippedNames(): Promise<string[]> {
  return (await readdir(SHIPPED)).filter((file) => file.endsWith('.yaml')).map((file) => file.slice(0, -5))
}

async function remedy(given: string): Promise<string> {
  const names = await shippedNames()
  return `Did you mean ${closest(given, names)}? Shipped: ${names.join(', ')}. A file of your own is named by its path, with its ending.`
}

function list(text: string): string[] {
  return text.split(',').map((name) => name.trim())
}

function count<Name extends string>(name: Name, text: string | undefined, least: number): { [name in Name]?: number } {
  if (text === undefined) return {}
  const value = Number(text)
  if (text.trim() !== '' && Number.isInteger(value) && value >= least) return { [name]: value } as never
  throw new Failure('usage', `--${name} ${text} is not a whole number from ${least}`)
}
