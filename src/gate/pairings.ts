import { type Limits, type Pairing, pairingsOf } from '../model/limits.ts'
import { baselineOf, isSameArm, type Scenario } from '../model/scenario.ts'
import type { GateFinding, Objection } from '../model/verdict.ts'
import { list } from '../model/words.ts'

/** Finds the pairs of candidate and reference, and what is wrong with them. */
export function pairArms(
  scenario: Scenario,
  reference: Limits['reference'],
): { pairs: Pairing[]; objections: Objection[] } {
  const names = scenario.arms.map(({ name }) => name)
  const wanted = pairingsOf(names, reference)
  const objections = [
    ...wanted.flatMap((pair) => wrongWith(pair, names, wanted)),
    ...wanted.flatMap(({ arm }) => (arm === baselineOf(scenario).name ? [baselineAsCandidate(arm)] : [])),
    ...(typeof reference === 'string' ? leftOut(scenario, wanted, reference) : []),
  ]
  const pairs = wanted.filter(
    ({ arm, reference: other }) => arm !== other && names.includes(arm) && names.includes(other),
  )
  return { pairs, objections: pairs.length > 0 ? objections : noPair(names, reference, objections) }
}

/** The candidates of a pinned reference: all arms but the baseline and those equal to it. */
export function candidatesOf(scenario: Scenario): string[] {
  const baseline = baselineOf(scenario)
  return scenario.arms.filter((arm) => !isSameArm(arm, baseline)).map(({ name }) => name)
}

function wrongWith({ arm, reference }: Pairing, names: readonly string[], all: readonly Pairing[]): Objection[] {
  const at = { arm, spoils: false }
  const missing = [arm, reference].find((name) => !names.includes(name))
  if (missing !== undefined) {
    return [
      {
        rule: missing === arm ? 'candidate-missing' : 'reference-missing',
        message: `${arm} was not compared to ${reference}: the run has no arm ${missing}.`,
        remedy: `Its arms are ${names.join(', ')}: correct gate.reference, or measure both arms in one run.`,
        ...at,
      },
    ]
  }
  if (arm === reference) {
    const message = `${arm} is its own reference, so nothing is compared.`
    return [{ rule: 'same-arm', message, remedy: 'Name another arm of the same run.', ...at }]
  }
  if (arm !== `${reference}-ref` && !all.some((other) => other.arm === reference)) return []
  return [
    {
      rule: 'arms-swapped',
      message: `${arm} is compared with ${reference}, which is also a candidate: a regression would appear as an improvement.`,
      remedy: 'In gate.reference the candidate comes first: { candidate: reference }.',
      ...at,
      spoils: true,
    },
  ]
}

function baselineAsCandidate(arm: string): Objection {
  return {
    rule: 'arms-swapped',
    message: `${arm} is the baseline, and gate.reference names it as a candidate: a regression of the other arm would appear as an improvement.`,
    remedy: 'In gate.reference the candidate comes first: { candidate: reference }.',
    arm,
    spoils: true,
  }
}

/** Arms of a mesh that gate.reference neither compares nor compares with, as notes: nobody may take them for judged. */
export function notCompared(scenario: Scenario, pairs: readonly Pairing[]): GateFinding[] {
  const others = unpaired(scenario, pairs)
  if (others.length === 0) return []
  return [
    {
      rule: 'not-compared',
      severity: 'note',
      message: `${list(others)}: measured, and not judged, since gate.reference does not name ${others.length === 1 ? 'it' : 'them'}.`,
    },
  ]
}

/** Reports candidates whose reference is missing, so that a renamed reference does not remove its candidate silently. */
function leftOut(scenario: Scenario, wanted: readonly Pairing[], rule: string): Objection[] {
  return unpaired(scenario, wanted).map((arm) => ({
    rule: 'reference-missing',
    message: `${arm} was not compared: the run has no arm ${rule.replaceAll('*', arm)}.`,
    remedy: 'Measure its reference in the same run, or name the pair in gate.reference: { candidate: reference }.',
    arm,
    spoils: false,
  }))
}

/** Candidates that no pair names, other than A/A copies of a reference. */
function unpaired(scenario: Scenario, pairs: readonly Pairing[]): string[] {
  const paired = new Set(pairs.flatMap(({ arm, reference }) => [arm, reference]))
  return candidatesOf(scenario).filter((arm) => !paired.has(arm) && !repeats(scenario, arm, pairs))
}

/** Whether an arm is an A/A copy of a reference, such as `a-ref-again` of `a-ref`: it shows the noise of that mesh and is no candidate. */
function repeats({ arms }: Scenario, name: string, wanted: readonly Pairing[]): boolean {
  const own = arms.find((arm) => arm.name === name)
  return wanted.some(({ reference }) => {
    const repeated = arms.find((arm) => arm.name === reference)
    return own && repeated && name.startsWith(`${reference}-`) && isSameArm(own, repeated)
  })
}

function noPair(names: readonly string[], reference: Limits['reference'], others: readonly Objection[]): Objection[] {
  const asked =
    typeof reference === 'string' ? `no two match the rule ${reference}` : 'gate.reference names no two of them'
  return [
    {
      rule: 'nothing-compared',
      message: `Nothing was compared: of the arms ${names.join(', ')}, ${asked}.`,
      remedy:
        'Measure candidate and reference as two arms of one run and name them in gate.reference; or give a pinned reference.',
      spoils: false,
    },
    ...others,
  ]
}
