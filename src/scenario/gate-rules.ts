import { shown } from './finding.ts'
import type { Rule } from './rule.ts'
import { suggest } from './suggest.ts'

/** Before the night is spent. Passes while the name of some arm is unknown: it may be the one that is meant. */
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
  const message = `${minValid} valid blocks cannot be had of the ${initial} of the first stage`
  return [{ path: ['gate', 'blocks', 'minValid'], message, remedy: `Write ${initial} or less.` }]
}

export const gateRules: readonly Rule[] = [gatedArmsExist, stagesGrow]
