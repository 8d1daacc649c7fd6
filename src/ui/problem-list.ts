import type { Analysis, JudgedTrial, Problem } from '../model/analysis.ts'
import { paragraph } from './paragraph.ts'
import type { Style } from './style.ts'

/** A problem and the trials that have it; none where it is of the comparison. */
interface Group {
  readonly problem: Problem
  readonly trials: readonly string[]
}

/** What the reader must know of the result: those of the comparison first, then those of trials, each kind once. */
export function problemList({ problems, trials }: Analysis, style: Style): string {
  const groups = [...problems.map((problem) => ({ problem, trials: [] })), ...byRule(trials)]
  return groups
    .toSorted((a, b) => rank(a) - rank(b))
    .map((group) => groupText(group, style))
    .join('\n')
}

const rank = ({ problem }: Group) => (problem.severity === 'invalid' ? 0 : 1)

function byRule(trials: readonly JudgedTrial[]): Group[] {
  const all = trials.flatMap(({ result, problems }) => problems.map((problem) => ({ problem, id: result.trial.id })))
  const groups = Map.groupBy(all, ({ problem }) => `${problem.severity} ${problem.rule}`)
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    return first ? [{ problem: first.problem, trials: [...new Set(group.map(({ id }) => id))] }] : []
  })
}

function groupText({ problem, trials }: Group, style: Style): string {
  const { severity, rule, cause, effect, remedy } = problem
  const paint = severity === 'invalid' ? style.red : style.yellow
  const where = trials.length === 0 ? '' : `: ${named(trials)}`
  const first = paragraph(style.plain(`${severity} ${rule}${where}`), { indent: INDENT })
  const entry = (text: string) => paragraph(style.plain(text), { first: INDENT, indent: INDENT })
  return [
    paint(severity) + first.slice(severity.length),
    entry(`${trials.length > 1 ? 'The first: ' : ''}${sentence(cause)} ${effect}`),
    entry(`→ ${remedy}`),
  ].join('\n')
}

const INDENT = '    '
const SHOWN = 3

/** `3 trials (a, b, c)`. */
function named(trials: readonly string[]): string {
  const more = trials.length > SHOWN ? ', …' : ''
  return `${trials.length === 1 ? '1 trial' : `${trials.length} trials`} (${trials.slice(0, SHOWN).join(', ')}${more})`
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
