import { longestStall } from '../model/scenario.ts'
import { shown, suggest } from '../yaml/yaml-finding.ts'
import type { Rule } from './draft.ts'

const MAX_TRIALS = 100_000

export const trialsAreFew: Rule = ({ arms, loads, sketch: { blocks, cohorts } }) => {
  const trials = arms.length * loads.length * (blocks ?? 0) * (cohorts ?? 0)
  if (trials <= MAX_TRIALS) return []
  const message = `arms × loads × blocks × cohorts make ${trials} trials, more than ${MAX_TRIALS}`
  return [{ path: ['blocks'], message, remedy: 'Use fewer blocks, cohorts, loads or arms.' }]
}

/** Refuses names that give two trials one file: arm `a` with load `b-c`, and arm `a-b` with load `c`. */
const trialNamesAreUnique: Rule = ({ arms, loads }) => {
  const owners = new Map<string, { arm: string; load: string }>()
  return arms.flatMap(({ arm: { name: arm }, path }) =>
    loads.flatMap(({ load: { name: load } }) => {
      if (arm === undefined || load === undefined) return []
      const joined = `${arm}-${load}`
      const owner = owners.get(joined) ?? { arm, load }
      owners.set(joined, owner)
      if (owner.arm === arm) return []
      const message = `arm ${arm} with load ${load}, and arm ${owner.arm} with load ${owner.load}, would share a file name`
      return [{ path: [...path, 'name'], message, remedy: 'Rename one of these arms or loads.' }]
    }),
  )
}

/** Checks names of arms. It passes while the name of any arm is unknown, since that may be the one meant. */
const simulatedArmsExist: Rule = ({ arms, sketch: { simulation } }) => {
  const names = arms.map(({ arm }) => arm.name)
  const effects = Object.keys(simulation?.effects ?? {}).map((name) => ({
    name,
    path: ['simulation', 'effects', name],
    atKey: true,
  }))
  const faults = (simulation?.faults ?? []).map((fault, index) => ({
    name: fault?.arm,
    path: ['simulation', 'faults', index, 'arm'],
    atKey: false,
  }))
  const known = names.filter((name) => name !== undefined)
  if (known.length < names.length) return []
  return [...effects, ...faults].flatMap(({ name, path, atKey }) =>
    name === undefined || known.includes(name)
      ? []
      : [{ path, message: `there is no arm ${shown(name)}`, remedy: suggest(name, known), atKey }],
  )
}

const faultyBlocksExist: Rule = ({ sketch: { simulation, blocks, cohorts } }) => {
  if (!blocks || !cohorts) return []
  const last = blocks * cohorts
  return (simulation?.faults ?? []).flatMap((fault, index) =>
    (fault?.blocks ?? []).flatMap((block, place) =>
      block === undefined || block <= last
        ? []
        : [
            {
              path: ['simulation', 'faults', index, 'blocks', place],
              message: `there is no block ${block}`,
              remedy: `Blocks are counted from 1 to ${last} (blocks × cohorts).`,
            },
          ],
    ),
  )
}

const stallsEnd: Rule = ({ sketch: { simulation } }) => {
  const { every, last, jitter = 0 } = simulation?.stalls ?? {}
  if (every === undefined || last === undefined || longestStall({ every, last, jitter }) < every) return []
  const message = 'stalls that last as long as their period never end'
  const remedy = 'Make `last` and `last` × (1 + `jitter`) shorter than `every`.'
  return [{ path: ['simulation', 'stalls', 'last'], message, remedy }]
}

export const runRules: readonly Rule[] = [
  trialsAreFew,
  trialNamesAreUnique,
  simulatedArmsExist,
  faultyBlocksExist,
  stallsEnd,
]

/** Checks the arms in gate.reference before the run. It passes while the name of any arm is unknown. */
const gatedArmsExist: Rule = ({ arms, sketch: { gate } }) => {
  const known = arms.map(({ arm }) => arm.name).filter((name) => name !== undefined)
  if (known.length < arms.length || typeof gate?.reference !== 'object') return []
  return Object.entries(gate.reference).flatMap(([candidate, reference]) =>
    [
      { name: candidate, atKey: true },
      { name: reference, atKey: false },
    ].flatMap(({ name, atKey }) => {
      if (name === undefined || known.includes(name)) return []
      const path = ['gate', 'reference', candidate]
      return [{ path, message: `there is no arm ${shown(name)}`, remedy: suggest(name, known), atKey }]
    }),
  )
}

const stagesGrow: Rule = ({ sketch: { gate } }) => {
  const { initial, extendTo, minValid } = gate?.blocks ?? {}
  if (initial === undefined || extendTo === undefined || minValid === undefined) return []
  if (extendTo < initial) {
    const message = `an extension to ${extendTo} blocks ends before the first stage does, at ${initial}`
    return [
      { path: ['gate', 'blocks', 'extendTo'], message, remedy: `Write ${initial} or more; ${initial} is one stage.` },
    ]
  }
  if (minValid <= initial) return []
  const message = `the first stage has ${initial} blocks, fewer than the ${minValid} valid blocks required`
  return [{ path: ['gate', 'blocks', 'minValid'], message, remedy: `Write ${initial} or less.` }]
}

export const gateRules: readonly Rule[] = [gatedArmsExist, stagesGrow]
