import type { Analysis, JudgedTrial, Problem } from '../model/analysis.ts'
import { paragraph } from './paragraph.ts'
import type { Style } from './style.ts'

/** Problems of one kind: the first of them, and how many there are of trials and of the comparison. */
interface Group {
  readonly problem: Problem
  readonly trials: readonly string[]
  readonly others: number
}

/** What the reader must know of the result, each kind once; what makes something not count comes first. */
export function problemList({ problems, trials }: Analysis, style: Style): string {
  const all = [...problems.map((problem) => ({ problem, id: undefined })), ...ofTrials(trials)]
  const groups = [...Map.groupBy(all, ({ problem }) => `${problem.severity} ${problem.rule}`).values()]
  return groups
    .flatMap(grouped)
    .toSorted((a, b) => rank(a) - rank(b))
    .map((group) => groupText(group, style))
    .join('\n')
}

const rank = ({ problem }: Group) => (problem.severity === 'invalid' ? 0 : 1)

function ofTrials(trials: readonly JudgedTrial[]) {
  return trials.flatMap(({ result, problems }) => problems.map((problem) => ({ problem, id: result.trial.id })))
}

function grouped(all: readonly { readonly problem: Problem; readonly id: string | undefined }[]): Group[] {
  const [first] = all
  const trials = [...new Set(all.flatMap(({ id }) => id ?? []))]
  return first ? [{ problem: first.problem, trials, others: all.filter(({ id }) => id === undefined).length }] : []
}

function groupText({ problem, trials, others }: Group, style: Style): string {
  const { severity, rule, cause, effect, remedy } = problem
  const paint = severity === 'invalid' ? style.red : style.yellow
  const where = trials.length > 0 ? `: ${named(trials)}` : others > 1 ? `: ${others} times` : ''
  const first = paragraph(style.plain(`${severity} ${rule}${where}`), { indent: INDENT })
  const entry = (text: string) => paragraph(style.plain(text), { first: INDENT, indent: INDENT })
  return [
    paint(severity) + first.slice(severity.length),
    entry(`${Math.max(trials.length, others) > 1 ? 'The first: ' : ''}${sentence(cause)} ${effect}`),
    entry(`→ ${remedy}`),
  ].join('\n')
}

const INDENT = '    '
const SHOWN = 2

/** `2 trials (a, b)`; of more only the number, since the report names them all. */
function named(trials: readonly string[]): string {
  const count = trials.length === 1 ? '1 trial' : `${trials.length} trials`
  return trials.length > SHOWN ? count : `${count} (${trials.join(', ')})`
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
