import { CLAIM_QUANTITIES } from '../../model/claim.ts'
import { type Finding, type Path, shown, suggest } from '../../yaml/yaml-finding.ts'
import { type Rule, repeated } from '../draft.ts'

const OF_MEASURED = ['of', 'over', 'load', 'metric', 'roles', ...CLAIM_QUANTITIES] as const
const OF_FEATURE = ['feature', 'arm', 'expected'] as const

const idsAreUnique: Rule = ({ sketch: { claims = [] } }) =>
  repeated((claims ?? []).map((claim, index) => ({ name: claim?.id, path: ['claims', index, 'id'] }))).map(
    ({ name, path }) => ({
      path,
      message: `two claims are called ${shown(name)}`,
      remedy: 'Give one another id.',
    }),
  )

/** A claim has the keys of exactly one kind of test, all that it needs, and one bound. */
const claimsCanBeTested: Rule = ({ sketch: { claims } }) =>
  (claims ?? []).flatMap((claim, index) => {
    if (!claim) return []
    const path: Path = ['claims', index]
    const has = (keys: readonly (keyof typeof claim)[]) => keys.filter((key) => claim[key] !== undefined)
    const kinds = [has(OF_MEASURED), has(OF_FEATURE), has(['needs'])].filter(({ length }) => length > 0)
    if (kinds.length !== 1) {
      const message =
        kinds.length === 0
          ? 'nothing says how the claim is tested'
          : `${kinds.map(([key]) => key).join(' and ')} are of different kinds of tests`
      return [{ path, message, remedy: ONE_TEST }]
    }
    if (claim.needs !== undefined) return []
    return claim.feature !== undefined || claim.arm !== undefined || claim.expected !== undefined
      ? missing(path, has, OF_FEATURE)
      : ofMeasured(path, claim, has)
  })

const ONE_TEST =
  'Write `of`, `load`, `metric` and one of `ratio`, `difference` or `value`; or `feature`, `arm` and `expected`; or `needs`.'

type Has<Key extends string> = (keys: readonly Key[]) => readonly string[]

function missing<Key extends string>(path: Path, has: Has<Key>, keys: readonly Key[]): Finding[] {
  const there = has(keys)
  return keys
    .filter((key) => !there.includes(key))
    .map((key) => ({ path, message: `"${key}" is missing`, remedy: `Add the key ${key}. ${ONE_TEST}`, missing: true }))
}

interface SketchOfBound {
  readonly atLeast?: unknown
  readonly atMost?: unknown
  readonly between?: unknown
}

function ofMeasured<Key extends string>(
  path: Path,
  claim: { readonly [Quantity in (typeof CLAIM_QUANTITIES)[number]]?: SketchOfBound | undefined },
  has: Has<Key>,
): Finding[] {
  const [quantity, ...others] = has(CLAIM_QUANTITIES as unknown as readonly Key[])
  const needed = ['of', 'load', 'metric', ...(quantity === 'value' ? [] : ['over'])] as unknown as readonly Key[]
  const lacking = missing(path, has, needed)
  if (quantity === undefined) {
    return [...lacking, { path, message: 'the claim has no bound', remedy: `Add ratio, difference or value. ${BOUND}` }]
  }
  const found: Finding[] = others.map((other) => ({
    path: [...path, other],
    message: `${quantity} and ${other} are two claims`,
    remedy: 'Write one claim for each.',
    atKey: true,
  }))
  if (quantity === 'value' && has(['over'] as unknown as readonly Key[]).length > 0) {
    const message = 'a value is of one arm, and over names another'
    found.push({
      path: [...path, 'over'],
      message,
      remedy: 'Remove over, or claim a ratio or difference.',
      atKey: true,
    })
  }
  const bound = claim[quantity as (typeof CLAIM_QUANTITIES)[number]] ?? {}
  const given = (['atLeast', 'atMost', 'between'] as const).filter((key) => bound[key] !== undefined)
  if (given.length !== 1) {
    found.push({ path: [...path, quantity], message: `${quantity} has ${given.length} bounds`, remedy: BOUND })
  }
  return [...lacking, ...found]
}

const BOUND = 'Write one of { atLeast: … }, { atMost: … } or { between: [ …, … ] }.'

/** Passes while the name of any arm or load is unknown, since that may be the one meant. */
const claimedNamesExist: Rule = ({ arms, loads, sketch: { claims } }) => {
  const armNames = arms.map(({ arm }) => arm.name)
  const loadNames = loads.map(({ load }) => load.name)
  const check = (index: number, key: string, name: string | undefined, names: readonly (string | undefined)[]) => {
    const known = names.filter((one) => one !== undefined)
    if (name === undefined || known.length < names.length || known.includes(name)) return []
    const what = key === 'load' ? 'load' : 'arm'
    return [
      { path: ['claims', index, key], message: `there is no ${what} ${shown(name)}`, remedy: suggest(name, known) },
    ]
  }
  return (claims ?? []).flatMap((claim, index) => [
    ...(['of', 'over', 'arm'] as const).flatMap((key) => check(index, key, claim?.[key], armNames)),
    ...check(index, 'load', claim?.load, loadNames),
  ])
}

/** Runs with operations, and runs that search capacities, judge no claims, so a scenario of such loads has none that are measured. */
const claimedLoadsAreSteady: Rule = ({ loads, sketch: { claims } }) => {
  const unsteady = loads.find(({ load }) => load.operation !== undefined || load.capacity)
  if (!unsteady) return []
  const { name, operation } = unsteady.load
  const why = operation === undefined ? 'searches a capacity' : 'has an operation'
  return (claims ?? []).flatMap((claim, index) =>
    claim?.load === undefined
      ? []
      : [
          {
            path: ['claims', index, 'load'],
            message: `no claim is judged by this scenario, whose load ${shown(name)} ${why}`,
            remedy: 'Measure claims in a scenario whose loads have a rate and no operation.',
          },
        ],
  )
}

export const claimRules: readonly Rule[] = [idsAreUnique, claimsCanBeTested, claimedNamesExist, claimedLoadsAreSteady]
