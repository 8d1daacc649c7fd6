import { formatChange, formatChanges, formatNumber } from '../../model/units.ts'
import type { CellVerdict, GateCell, GateFinding, GateResult } from '../../model/verdict.ts'
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
export function gateMarkdown(result: GateResult): string[] {
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
  const lines = findings.map(({ severity, sentence, remedy }) => {
    return `- **${severity}**: ${text(sentence)}${remedy === undefined ? '' : ` ${text(remedy)}`}`
  })
  return ['', ...lines]
}

function cellTable(cells: readonly GateCell[]): string[] {
  return [
    '| arm | load | metric | change | 95 % | worse in | verdict |',
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
  return [verdict, level === 'warn' ? '(only warns)' : '', waived ? '(waived)' : ''].filter(Boolean).join(' ')
}

function budgetLines({ budgets }: GateResult): string[] {
  const loud = budgets.filter(({ verdict }) => verdict !== 'kept')
  if (loud.length === 0) return []
  return ['', ...loud.map(({ sentence, waived }) => `- budget: ${text(sentence)}${waived ? ' (waived)' : ''}`)]
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
    `<summary>${passed.length} cells passed</summary>`,
    '',
    ...cellTable(passed),
    '',
    '</details>',
  ]
}
