import type { Analysis } from '../model/analysis.ts'
import { EXIT, type ExitCode } from '../model/exit-codes.ts'
import type { Limits } from '../model/limits.ts'
import type {
  BudgetCheck,
  GateCell,
  GateFinding,
  GateResult,
  Objection,
  ProvenanceChange,
  Verdict,
  WaiverUse,
} from '../model/verdict.ts'
import { count } from '../model/words.ts'

interface Parts {
  readonly analysis: Analysis
  readonly limits: Limits
  readonly strict: boolean
  readonly mode: GateResult['mode']
  readonly objections: readonly Objection[]
  readonly warnings: readonly GateFinding[]
  readonly cells: readonly GateCell[]
  readonly budgets: readonly BudgetCheck[]
  readonly changes: readonly ProvenanceChange[]
  readonly waivers: readonly WaiverUse[]
}

/** Puts all findings in order and makes one verdict and exit code. */
export function summarise(parts: Parts): GateResult {
  const { analysis, limits, strict, mode, cells, budgets, changes, waivers } = parts
  const { run } = analysis.record
  const findings = findingsOf(parts)
  const verdict = verdictOf(findings, cells)
  const stage = run.extension ? 2 : 1
  const next = nextStep(parts, stage)
  return {
    schema: 1,
    verdict,
    exit: exitOf(verdict, cells, strict),
    strict,
    run: {
      id: run.id,
      scenario: run.plan.scenario.name,
      platform: run.provenance.platform,
      startedAt: run.startedAt,
    },
    mode,
    stage,
    family: {
      alpha: limits.alpha,
      cells: cells.filter(({ level }) => level === 'error').length,
      method: limits.family.method,
    },
    headline: headline(verdict, cells),
    findings,
    cells,
    budgets,
    changes,
    waivers,
    ...(next === undefined ? {} : { next }),
  }
}

const ORDER: readonly GateFinding['severity'][] = [
  'regression',
  'budget',
  'invalid',
  'inconclusive',
  'warning',
  'improvement',
  'note',
]

function findingsOf({ analysis, objections, warnings, cells, budgets, waivers }: Parts): GateFinding[] {
  const all: GateFinding[] = [
    ...grouped(objections),
    ...cells.flatMap(ofCell),
    ...budgets.flatMap(ofBudget),
    ...waivers.flatMap(ofWaiver),
    ...warnings,
    ...analysis.problems
      .filter(({ severity }) => severity === 'warning')
      .map(({ rule, cause, effect, remedy }) => ({
        rule,
        severity: 'note' as const,
        message: `${cause} ${effect}`,
        remedy,
      })),
  ]
  return all.toSorted((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity))
}

/** Merges objections of the same rule, so that one that affects many trials is reported once. */
function grouped(objections: readonly Objection[]): GateFinding[] {
  const groups = Map.groupBy(objections, ({ rule, arm, load }) => JSON.stringify([rule, arm, load]))
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (!first) return []
    const { spoils: _, message, ...rest } = first
    const more = group.length > 1 ? ` (and ${group.length - 1} more)` : ''
    return [{ ...rest, severity: 'invalid' as const, message: `${message}${more}` }]
  })
}

function ofCell(cell: GateCell): GateFinding[] {
  const { arm, load, metric, verdict, message, level, waived, reproduce, rule = 'no-data' } = cell
  const about = { message, arm, load, metric: metric.name }
  if (verdict === 'pass') return []
  if (waived) return [{ ...about, rule: `${verdict}-waived`, severity: 'note' }]
  const remedy = `Measure it again: ${reproduce}`
  const disputed: GateFinding[] = cell.disputed
    ? [{ ...about, rule: 'mean-not-robust', severity: 'warning', remedy }]
    : []
  if (verdict === 'improvement') return [{ ...about, rule: verdict, severity: 'improvement' }, ...disputed]
  const severity = level === 'warn' ? 'warning' : verdict
  if (verdict === 'invalid') return [{ ...about, rule, severity, ...(rule === 'too-few-blocks' && { remedy }) }]
  return [{ ...about, rule: verdict, severity, remedy }, ...disputed]
}

function ofBudget({ arm, load, metric, verdict, waived, message }: BudgetCheck): GateFinding[] {
  if (verdict === 'kept') return []
  const about = { message, arm, load, metric: metric.name }
  if (verdict === 'invalid') return [{ ...about, rule: 'budget-unknown', severity: 'invalid' }]
  return [{ ...about, rule: waived ? 'budget-waived' : 'budget-broken', severity: waived ? 'note' : 'budget' }]
}

function ofWaiver({ match, until, reason, state, cells }: WaiverUse): GateFinding[] {
  const what = `The waiver for ${match} (${reason})`
  if (state === 'used') {
    const message = `${what} covers ${cells.join(', ')} until ${until}.`
    return [{ rule: 'waiver-used', severity: 'note', message }]
  }
  const remedy = 'Remove it, or correct its pattern or date.'
  const message =
    state === 'expired' ? `${what} ended on ${until} and covers nothing.` : `${what} covers nothing that fails.`
  return [{ rule: `waiver-${state}`, severity: 'warning', message, remedy }]
}

/** Verdicts by severity: certain failures come before unknown results. */
const GRAVEST = ['regression', 'budget', 'invalid', 'inconclusive'] as const

function verdictOf(findings: readonly GateFinding[], cells: readonly GateCell[]): Verdict {
  const gravest = GRAVEST.find((severity) => findings.some((finding) => finding.severity === severity))
  if (gravest) return gravest
  return cells.some(({ verdict, level }) => verdict === 'improvement' && level === 'error') ? 'improvement' : 'pass'
}

/** The exit code. A suspicion that is neither confirmed nor cleared never exits with 0. */
function exitOf(verdict: Verdict, cells: readonly GateCell[], strict: boolean): ExitCode {
  if (verdict === 'pass' || verdict === 'improvement') return EXIT.ok
  if (verdict !== 'inconclusive') return EXIT[verdict]
  const pending = cells.some(
    (cell) => (cell.suspected || cell.unconfirmed) && !cell.waived && cell.level === 'error' && isUndecided(cell),
  )
  return strict || pending ? EXIT.inconclusive : EXIT.ok
}

function isUndecided({ verdict }: GateCell): boolean {
  return verdict === 'inconclusive'
}

function headline(verdict: Verdict, cells: readonly GateCell[]): string {
  const judged = cells.filter(({ level }) => level === 'error')
  const counts = Map.groupBy(judged, ({ verdict }) => verdict)
  const told = [...counts].map(([name, those]) => `${those.length} ${name}`)
  const tally = `${count(judged.length, 'cell')}: ${told.join(', ') || 'none judged'}`
  return `${verdict} (${tally})`
}

function nextStep({ analysis, cells, mode }: Parts, stage: 1 | 2): string | undefined {
  const { id } = analysis.record.run
  if (mode === 'pinned') return undefined
  if (stage === 1 && cells.some(({ suspected }) => suspected)) return `meshbench run --extend ${id}`
  const open = cells.filter(({ verdict, waived, level }) => verdict !== 'pass' && !waived && level === 'error')
  const blocks = Math.max(0, ...open.map(({ needed }) => needed?.blocks ?? 0))
  const cohorts = Math.max(1, analysis.record.run.plan.cohorts.length)
  const planned = Math.max(0, ...open.map((cell) => cell.blocks.planned))
  return blocks > planned ? `meshbench run … --blocks ${Math.ceil(blocks / cohorts)}` : undefined
}
