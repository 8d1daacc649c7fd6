import { LEVEL_TEXT } from '../../model/confidence.ts'
import { formatChange, formatChanges, formatNumber } from '../../model/units.ts'
import type { CellVerdict, GateCell, GateFinding, GateResult } from '../../model/verdict.ts'
import { count } from '../../model/words.ts'
import { code, fenced, row, text } from './markdown.ts'

const SIGNS: Readonly<Record<GateResult['verdict'], string>> = {
  pass: '✅ pass',
  improvement: '✅ improvement',
  regression: '❌ regression',
  budget: '❌ budget broken',
  invalid: '⛔ invalid',
  inconclusive: '❔ inconclusive',
}

/** What the gate says, in GitHub's Markdown, line by line: the decision first, all that passed folded away at the end. */
function gateMarkdown(result: GateResult): string[] {
  const { verdict, headline, run, next, cells } = result
  const loud = cells.filter(({ verdict }) => verdict !== 'pass')
  return [
    `## meshbench: ${SIGNS[verdict]}`,
    '',
    text(headline),
    '',
    `Run \`${code(run.id)}\`, scenario ${text(run.scenario)}, platform ${text(run.platform)}, ${text(run.startedAt)}; ${result.family.cells} cells judged together at ${formatNumber(100 * result.family.alpha)} %.`,
    ...findingLines(result.findings),
    ...(next === undefined ? [] : ['', `Next: \`${code(next)}\``]),
    ...(loud.length === 0 ? [] : ['', ...cellTable(loud)]),
    ...budgetLines(result),
    ...reproduceLines(loud),
    ...changeLines(result),
    ...waiverLines(result),
    ...passedLines(cells),
    '',
  ]
}

function findingLines(findings: readonly GateFinding[]): string[] {
  if (findings.length === 0) return []
  const lines = findings.map(({ severity, message, remedy }) => {
    return `- **${severity}**: ${text(message)}${remedy === undefined ? '' : ` ${text(remedy)}`}`
  })
  return ['', ...lines]
}

function cellTable(cells: readonly GateCell[]): string[] {
  return [
    `| arm | load | metric | change | ${LEVEL_TEXT} | worse in | verdict |`,
    '|---|---|---|--:|--:|--:|---|',
    ...cells.map(({ arm, reference, load, metric, ratio, blocks, verdict, level, waived }) =>
      row([
        `${arm} against ${reference}`,
        load,
        metric.title,
        ratio ? formatChange(ratio.center) : '–',
        (ratio && formatChanges(ratio)) ?? '–',
        `${blocks.worse} of ${blocks.valid}`,
        verdictText(verdict, level, waived),
      ]),
    ),
  ]
}

function verdictText(verdict: CellVerdict, level: GateCell['level'], waived: boolean): string {
  return [verdict, level === 'warn' ? '(warning only)' : '', waived ? '(waived)' : ''].filter(Boolean).join(' ')
}

function budgetLines({ budgets }: GateResult): string[] {
  const loud = budgets.filter(({ verdict }) => verdict !== 'kept')
  if (loud.length === 0) return []
  return ['', ...loud.map(({ message, waived }) => `- budget: ${text(message)}${waived ? ' (waived)' : ''}`)]
}

function reproduceLines(cells: readonly GateCell[]): string[] {
  const commands = [
    ...new Set(cells.filter(({ verdict }) => verdict === 'regression').map(({ reproduce }) => reproduce)),
  ]
  if (commands.length === 0) return []
  return ['', 'Measure again:', '', ...fenced(commands)]
}

function changeLines({ changes }: GateResult): string[] {
  if (changes.length === 0) return []
  return [
    '',
    'What changed between reference and candidate:',
    '',
    '| what | reference | candidate |',
    '|---|---|---|',
    ...changes.map(({ what, reference, candidate }) => row([what, reference, candidate])),
  ]
}

function waiverLines({ waivers }: GateResult): string[] {
  if (waivers.length === 0) return []
  const lines = waivers.map(
    ({ match, until, reason, state }) => `- waiver \`${code(match)}\` until ${text(until)}, ${state}: ${text(reason)}`,
  )
  return ['', ...lines]
}

function passedLines(cells: readonly GateCell[]): string[] {
  const passed = cells.filter(({ verdict }) => verdict === 'pass')
  if (passed.length === 0) return []
  return [
    '',
    '<details>',
    `<summary>${count(passed.length, 'cell')} passed</summary>`,
    '',
    ...cellTable(passed),
    '',
    '</details>',
  ]
}

/** GitHub takes 1 MiB for each step's summary and drops all of a longer one. */
const JOB_SUMMARY_LIMIT = 1_000_000

/** What `$GITHUB_STEP_SUMMARY` gets. */
export function jobSummary(result: GateResult): string {
  return cutLines(gateMarkdown(result), JOB_SUMMARY_LIMIT)
}

/** GitHub takes 65,536 characters for a comment or an issue. */
const PULL_REQUEST_LIMIT = 65_000

/** A hidden marker that identifies our comment. */
const MARK = '<!-- meshbench -->'

/** The body of a comment on a pull request, or of an issue. */
export function pullRequestMarkdown(result: GateResult): string {
  return cutLines([MARK, ...gateMarkdown(result)], PULL_REQUEST_LIMIT)
}

/** Joins lines up to a number of bytes (UTF-8). It says how many lines are cut, and closes open elements. */
function cutLines(lines: readonly string[], limit: number): string {
  const whole = lines.join('\n')
  if (size(whole) <= limit) return whole
  const ending = (cut: number, isOpen: boolean) =>
    `${isOpen ? '\n</details>\n' : ''}\nOmitted lines: ${cut}, because the limit is ${limit} bytes. The report and \`--json\` are complete.\n`
  // Open or not: the longer of the two has to fit.
  const room = limit - size(ending(lines.length, true))
  const kept: string[] = []
  let used = 0
  for (const line of lines) {
    used += size(line) + 1
    if (used > room) break
    kept.push(line)
  }
  const opened = kept.filter((line) => line === '<details>').length
  const closed = kept.filter((line) => line === '</details>').length
  return `${kept.join('\n')}\n${ending(lines.length - kept.length, opened > closed)}`
}

function size(text: string): number {
  return new TextEncoder().encode(text).length
}
