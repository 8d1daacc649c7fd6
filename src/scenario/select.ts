import { z } from 'zod'
import { meshes } from '../meshes/index.ts'
import { Failure } from '../model/failure.ts'
import { type Arm, baselineOf, type Isolation, type Load, type Profile, type Scenario } from '../model/scenario.ts'
import type { PlatformName } from '../model/traits.ts'
import { schemaFindings } from '../yaml/schema-problems.ts'
import { suggest } from '../yaml/yaml-finding.ts'
import { draftOf, type LoadValues, type OfScript, withLoadValues, withSkipped } from './draft.ts'
import { featureRules } from './features/feature-rules.ts'
import { loadRules } from './load-rules.ts'
import { operationRules } from './operation-rules.ts'
import { ruleFindings } from './parse.ts'
import { platformRules } from './platform-rules.ts'
import { trialsAreFew } from './run-rules.ts'
import { loadSchema, scenarioSchema } from './schema.ts'

/** Values of loads as the command line gives them: as in a scenario file, and several separated by commas. */
export type LoadOptions = {
  readonly [Key in Exclude<keyof Load, 'name' | 'operation' | 'operationAt' | 'skipped' | keyof OfScript>]?: string
}

/** A selection from a scenario; absent keys keep the scenario's values. */
export interface Selection {
  /** Names of the scenario's arms, or of meshes, which become arms. */
  readonly arms?: readonly string[]
  readonly loads?: readonly string[]
  /** Replaces these values in every load that is selected. */
  readonly load?: LoadOptions
  readonly blocks?: number
  readonly cohorts?: number
  readonly seed?: number
  readonly platform?: PlatformName
  readonly profile?: Profile
  readonly isolation?: Isolation
}

/** A part or variant of a scenario. Arms and loads keep their order, and the baseline always stays. */
export function select(scenario: Scenario, { arms, loads, load = {}, ...overrides }: Selection): Scenario {
  const chosen = arms ? armsNamed(scenario, arms) : scenario.arms
  const { description, ...rest } = scenario
  // What a scenario says of itself names the arms that it has.
  const isWhole = chosen.length === scenario.arms.length && chosen.every((arm) => scenario.arms.includes(arm))
  const selected = {
    ...rest,
    ...(isWhole && description !== undefined && { description }),
    ...inRange(overrides),
    arms: chosen,
    loads: withSkipped(
      withLoadValues(loads ? named(scenario.loads, loads, 'load') : scenario.loads, valuesOf(load)),
      chosen,
      meshes,
    ),
  }
  const rules = Object.keys(load).length > 0 ? [...SELECTION_RULES, ...loadRules] : SELECTION_RULES
  const [wrong] = ruleFindings(draftOf(selected), undefined, rules)
  if (wrong) throw new Failure('usage', wrong.message, { remedy: wrong.remedy })
  return selected
}

/** Rules that command-line options can break although the file is correct. */
const SELECTION_RULES = [...platformRules, ...operationRules, ...featureRules, trialsAreFew]

function armsNamed(scenario: Scenario, wanted: readonly string[]): readonly Arm[] {
  const isKnown = (name: string) => scenario.arms.some((arm) => arm.name === name)
  const added = [...new Set(wanted)].filter((name) => !isKnown(name) && Object.hasOwn(meshes, name))
  const all = [...scenario.arms, ...added.map((mesh) => ({ name: mesh, mesh }))]
  return named(all, [baselineOf(scenario).name, ...wanted], 'arm', Object.keys(meshes))
}

function named<Thing extends { readonly name: string }>(
  things: readonly Thing[],
  wanted: readonly string[],
  noun: string,
  others: readonly string[] = [],
): readonly Thing[] {
  const known = things.map(({ name }) => name)
  const unknown = wanted.find((name) => !known.includes(name))
  if (unknown !== undefined) {
    const alternatives = [...new Set([...known, ...others])]
    throw new Failure('usage', `the scenario has no ${noun} "${unknown}"`, { remedy: suggest(unknown, alternatives) })
  }
  const chosen = things.filter(({ name }) => wanted.includes(name))
  if (chosen.length === 0) throw new Failure('usage', `no ${noun} is selected`, { remedy: suggest('', known) })
  return chosen
}

const { seed, blocks, cohorts } = scenarioSchema.shape
const LIMITS = { seed, blocks, cohorts }

/** Checks numbers from the command line by the limits of the schema. */
function inRange<Overrides extends Omit<Selection, 'arms' | 'loads' | 'load'>>(overrides: Overrides): Overrides {
  for (const [key, limit] of Object.entries(LIMITS)) {
    const value = overrides[key as keyof typeof LIMITS]
    if (value === undefined || limit.safeParse(value).success) continue
    throw new Failure('usage', `${key} cannot be ${value}`, { remedy: `Give a whole number ${range(limit.unwrap())}.` })
  }
  return overrides
}

function range({ minValue, maxValue }: { minValue: number | null; maxValue: number | null }): string {
  return `from ${minValue} to ${maxValue}`
}

/** Checks values of loads by the schema of scenario files, with its messages. */
function valuesOf(options: LoadOptions): LoadValues {
  const several = (['warmup', 'duration', 'generators'] as const).find((key) => options[key]?.includes(','))
  if (several)
    throw new Failure('usage', `--${several} takes one value`, {
      remedy: 'Loads that differ in it need a scenario file.',
    })
  const value = Object.fromEntries(Object.entries(options).map(([key, text]) => [key, written(text)]))
  const schema = z.strictObject(
    Object.fromEntries(Object.keys(options).map((key) => [key, loadSchema.shape[key as keyof LoadOptions]])),
  )
  const [wrong] = schemaFindings(schema, { value, written: () => undefined })
  if (wrong) throw new Failure('usage', `--${wrong.message}`, { remedy: wrong.remedy })
  return schema.parse(value) as LoadValues
}

/** "100/s,200/s" is a list, and "8" a number, as in YAML. */
function written(text: string): unknown {
  const values = text.split(',').map((one) => (/^\d+$/.test(one.trim()) ? Number(one) : one.trim()))
  return values.length === 1 ? values[0] : values
}
