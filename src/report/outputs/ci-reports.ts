import { printable, withoutCommands } from '../../model/foreign-text.ts'
import type { BudgetCheck, GateCell, GateFinding, GateResult } from '../../model/verdict.ts'

/** How a case ended: `failure` broke its limits, `error` could not be judged. */
interface Case {
  readonly suite: string
  readonly name: string
  readonly outcome?: 'failure' | 'error' | 'skipped'
  readonly type?: string
  readonly message: string
}

/**
 * JUnit XML: a suite for each load, a case for each arm and metric. What decides nothing (a waiver, a level of `warn`) is
 * skipped with its sentence. Whatever the cells say, a gate that does not exit with 0 has a case that is not green.
 */
export function junit(result: GateResult): string {
  const cases = withVerdict(result, [
    ...result.cells.map((cell) => cellCase(cell, result.strict)),
    ...result.budgets.map(budgetCase),
    ...result.findings.flatMap((finding) => findingCase(finding, result.cells)),
  ])
  const suites = [...Map.groupBy(cases, ({ suite }) => suite)]
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${xml(`meshbench ${result.run.scenario}`)}" ${counts(cases)}>`,
    ...suites.flatMap(([suite, members]) => [
      `  <testsuite name="${xml(suite)}" timestamp="${xml(result.run.startedAt)}" ${counts(members)}>`,
      ...members.map((one) => caseXml(result.run.scenario, one)),
      '  </testsuite>',
    ]),
    '</testsuites>',
    '',
  ].join('\n')
}

function cellCase({ arm, load, metric, verdict, level, waived, message }: GateCell, isStrict: boolean): Case {
  const about = { suite: load, name: `${arm} ${metric.name}`, message: message }
  if (verdict === 'pass' || verdict === 'improvement') return about
  if (waived) return { ...about, outcome: 'skipped', message: `waived: ${message}` }
  if (level === 'warn') return { ...about, outcome: 'skipped', message: `warning only: ${message}` }
  if (verdict === 'invalid') return { ...about, outcome: 'error', type: verdict }
  if (verdict === 'inconclusive' && !isStrict) return { ...about, outcome: 'skipped' }
  return { ...about, outcome: 'failure', type: verdict }
}

function budgetCase({ arm, load, metric, verdict, waived, message }: BudgetCheck): Case {
  const about = { suite: load, name: `${arm} ${metric.name} budget`, message: message }
  if (verdict === 'kept') return about
  if (waived) return { ...about, outcome: 'skipped', message: `waived: ${message}` }
  return { ...about, outcome: verdict === 'invalid' ? 'error' : 'failure', type: `budget-${verdict}` }
}

/** Findings that make the run invalid and belong to no cell. */
function findingCase({ rule, severity, message, arm, load, metric }: GateFinding, cells: readonly GateCell[]): Case[] {
  const hasCell = cells.some((cell) => cell.arm === arm && cell.load === load && cell.metric.name === metric)
  if (severity !== 'invalid' || hasCell) return []
  const name = [rule, arm, metric].filter(Boolean).join(' ')
  return [{ suite: load ?? 'gate', name, outcome: 'error', type: rule, message: message }]
}

function withVerdict({ exit, verdict, headline }: GateResult, cases: readonly Case[]): readonly Case[] {
  const isRed = cases.some(({ outcome }) => outcome === 'failure' || outcome === 'error')
  const about = { suite: 'gate', name: 'verdict', message: headline }
  return [...cases, exit === 0 || isRed ? about : { ...about, outcome: 'error', type: verdict }]
}

function counts(cases: readonly Case[]): string {
  const count = (kind: Case['outcome']) => cases.filter(({ outcome }) => outcome === kind).length
  return `tests="${cases.length}" failures="${count('failure')}" errors="${count('error')}" skipped="${count('skipped')}"`
}

function caseXml(scenario: string, { suite, name, outcome, type, message }: Case): string {
  const about = `classname="${xml(`${scenario}.${suite}`)}" name="${xml(name)}"`
  if (outcome === undefined) {
    return `    <testcase ${about}>\n      <system-out>${xml(message)}</system-out>\n    </testcase>`
  }
  const kind = type === undefined ? '' : ` type="${xml(type)}"`
  return `    <testcase ${about}>\n      <${outcome}${kind} message="${xml(message)}"/>\n    </testcase>`
}

/** Control characters have no place in XML 1.0, escaped or not, and a line break within an attribute is a blank. */
function xml(text: string): string {
  return withoutCommands(text.toWellFormed().replaceAll(/[\r\n\t]/g, ' '), '\u{FFFD}')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

/** GitHub shows this many annotations of each kind in a step, and silently drops the rest. */
const MOST = 10

type Kind = 'error' | 'warning' | 'notice'

const KINDS: Readonly<Record<GateFinding['severity'], Kind>> = {
  regression: 'error',
  budget: 'error',
  invalid: 'error',
  inconclusive: 'warning',
  warning: 'warning',
  improvement: 'notice',
  note: 'notice',
}

/** Workflow commands, one a line: up to ten errors, warnings and notices each; the tenth counts what had no room. */
export function annotations({ findings }: Pick<GateResult, 'findings'>): string[] {
  const byKind = Map.groupBy(findings, ({ severity }) => KINDS[severity])
  return (['error', 'warning', 'notice'] as const).flatMap((kind) => {
    const all = byKind.get(kind) ?? []
    if (all.length <= MOST) return all.map((finding) => annotation(kind, finding))
    const shown = all.slice(0, MOST - 1)
    const rest = `and ${all.length - shown.length} more; see the job summary`
    return [...shown.map((finding) => annotation(kind, finding)), `::${kind} title=meshbench::${data(rest)}`]
  })
}

function annotation(kind: Kind, { rule, message, remedy }: GateFinding): string {
  const whole = remedy === undefined ? message : `${message}\n${remedy}`
  return `::${kind} title=${property(`meshbench ${rule}`)}::${data(whole)}`
}

/** As the runner's own toolkit escapes. */
function data(text: string): string {
  return printable(text).replaceAll('%', '%25').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
