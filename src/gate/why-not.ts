import { provisions } from '../analyse/provisions.ts'
import { list } from '../analyse/wording.ts'
import type { Analysis } from '../model/analysis.ts'
import type { Limits } from '../model/limits.ts'
import type { Weighed } from './chances.ts'
import type { Compared } from './compared.ts'
import type { Objection } from './objection.ts'
import type { Place } from './pattern.ts'
import type { Pinned } from './pinned-file.ts'

interface About {
  readonly objections: readonly Objection[]
  readonly limits: Limits
  readonly pinned?: Pinned
}

/** What keeps a cell from being judged, if anything does. Nothing that was not judged is ever a pass. */
export function whyNot(compared: Compared, analysis: Analysis, about: About): Pick<Weighed, 'why'> {
  const reference = about.pinned ? about.pinned.baseline : compared.reference
  const objection = about.objections.find((one) => one.spoils && concerns(one, { ...compared, reference }))
  if (objection) return because(objection.sentence)
  return ofBlocks({ ...compared, reference }, analysis, about) ?? ofFigures(compared, analysis, about) ?? {}
}

function because(sentence: string, rule = 'no-data'): Required<Pick<Weighed, 'why'>> {
  return { why: { rule, sentence } }
}

function ofBlocks({ arm, reference, load, metric, blocks, lost }: Compared, analysis: Analysis, { limits }: About) {
  const { minValid } = limits.blocks
  if (blocks.planned === 0) return because(`no block has both ${arm} and ${reference} under ${load}.`)
  if (blocks.planned < minValid) {
    const sentence = `${blocks.planned} planned, fewer than the ${minValid} blocks without which nothing is decided.`
    return because(sentence, 'too-few-blocks')
  }
  if (blocks.valid < minValid) {
    const share = `${blocks.valid} of ${blocks.planned} blocks have a valid trial of both ${arm} and ${reference}`
    const silent = silentIn(analysis, [arm, reference], { load, metric })
    return because(
      `${share}${silent > 0 ? ` that tells ${metric}` : ''}, fewer than ${minValid}${lostTo(analysis, [arm, reference], load)}.`,
    )
  }
  if (lost.candidate <= lost.reference + 1) return undefined
  return because(
    `${arm} lost ${lost.candidate} blocks and ${reference} ${lost.reference}: what is left may be its better part.`,
  )
}

function ofFigures({ effect, cohorts, limits }: Compared, { record }: Analysis, { pinned }: About) {
  if (!effect)
    return because(
      pinned
        ? 'the pinned reference has too little of it.'
        : 'its values have no ratio: one of them is 0 or below. Of CPU that happens where a load adds less than idle CPU scatters; give it a higher rate or a longer window.',
    )
  if (pinned && !effect.byNights) {
    return because(
      'how far nights lie apart without a cause is not known. Accept several runs as the reference, keep a history, or state it as `night` in gate.defaults.',
      'nights-unknown',
    )
  }
  // What nights differ by holds what their clusters differ by.
  if (cohorts < 2 && !limits.spread && !pinned && provisions(record)) {
    return because('all blocks are of one provisioning, and no spread between clusters is given.')
  }
  return undefined
}

/** Valid trials of the arms that cannot tell the metric. */
function silentIn({ trials, cells }: Analysis, arms: readonly string[], { load, metric }: Omit<Place, 'arm'>): number {
  const isHere = (one: { readonly arm: string; readonly load: string }) => one.load === load && arms.includes(one.arm)
  const valid = trials.filter(({ status, result: { trial } }) => status === 'valid' && isHere(trial)).length
  const told = cells.filter((cell) => cell.metric === metric && isHere(cell)).flatMap(({ values }) => values).length
  return valid - told
}

/** The validity rules that took the trials. */
function lostTo({ trials }: Analysis, arms: readonly string[], load: string): string {
  const lost = trials.filter(
    ({ status, result: { trial } }) => status !== 'valid' && trial.load === load && arms.includes(trial.arm),
  )
  const rules = lost.flatMap(({ problems }) =>
    problems.flatMap(({ rule, severity }) => (severity === 'invalid' ? rule : [])),
  )
  return rules.length === 0 ? '' : ` (${list([...new Set(rules)])})`
}

export function concerns({ arm, load, metric }: Objection, cell: Place & { readonly reference?: string }): boolean {
  return (
    (arm === undefined || arm === cell.arm || arm === cell.reference) &&
    (load === undefined || load === cell.load) &&
    (metric === undefined || metric === cell.metric)
  )
}
