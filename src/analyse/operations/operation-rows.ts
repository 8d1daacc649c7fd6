import type { Analysis, Cell, OperationEffects } from '../../model/analysis.ts'
import type { Load } from '../../model/scenario.ts'
import { formatDuration, formatNumber, type Seconds } from '../../model/units.ts'
import { count } from '../../model/words.ts'

/** What is said of an arm under an operation, for the page and the terminal. */
export interface OperationRow {
  readonly arm: string
  /** Why it has none, in place of all else. */
  readonly absent?: string
  /** Of valid trials: a figure, and its interval where there is one. */
  readonly errors: Figure
  readonly late: Figure
  readonly recovery: Figure
  /** Only of operations that change what answers tell, or during which a pod is made. */
  readonly change?: Figure
  readonly pod?: string
  /** What was done and seen in the first valid trial. */
  readonly seen: readonly string[]
}

interface Figure {
  readonly text: string
  /** Over blocks. */
  readonly interval?: string
}

const NONE: Figure = { text: '–' }

/** A row for each arm. Trials are read again, for what their figures do not tell. */
export function operationRows({ cells, trials, record, effects: of }: Analysis, load: Load): OperationRow[] {
  return record.run.plan.scenario.arms.map(({ name: arm }): OperationRow => {
    const lack = load.skipped?.[arm]
    if (lack !== undefined) return absent(arm, `left out: ${lack}`)
    const effects = trials.flatMap(({ result: { trial }, status }) =>
      trial.arm === arm && trial.load === load.name && status === 'valid' ? (of(trial.id) ?? []) : [],
    )
    const [first] = effects
    if (!first) return absent(arm, 'no valid trial')
    const figure = (metric: string, format: (value: number) => string) =>
      figureOf(
        cells.find((cell) => cell.arm === arm && cell.load === load.name && cell.metric === metric),
        format,
      )
    const pods = effects.flatMap(({ operation: { pod } }) => pod ?? [])
    return {
      arm,
      errors: figure('operation-errors', countText),
      late: figure('operation-late', countText),
      recovery: recoveryOf(effects, figure('operation-recovery', secondsText)),
      ...(first.change && { change: changeOf(effects, figure('operation-change', secondsText)) }),
      ...(pods.length > 0 && { pod: podText(pods) }),
      seen: first.operation.seen,
    }
  })
}

function absent(arm: string, why: string): OperationRow {
  return { arm, absent: why, errors: NONE, late: NONE, recovery: NONE, seen: [] }
}

function figureOf(cell: Cell | undefined, format: (value: number) => string): Figure {
  if (!cell?.estimate) return NONE
  const { center, lo, hi } = cell.estimate
  return {
    text: format(center),
    ...(lo !== undefined && hi !== undefined && { interval: `${format(lo)} to ${format(hi)}` }),
  }
}

/** Where a trial was not normal again, the mean of the others would be too low: the bound is said in its place. */
function recoveryOf(effects: readonly OperationEffects[], known: Figure): Figure {
  const open = effects.flatMap(({ longerThan, soFar }) => (soFar === undefined ? (longerThan ?? []) : []))
  const goingOn = effects.flatMap(({ soFar }) => soFar ?? [])
  if (goingOn.length > 0) {
    const last = `${secondsText(Math.max(...goingOn))} so far: it went on when the window ended`
    return { text: effects.length === 1 ? last : `${last}, in ${goingOn.length} of ${count(effects.length, 'trial')}` }
  }
  if (open.length === 0) return known
  const bound = `more than ${secondsText(Math.min(...open))}`
  return { text: effects.length === 1 ? bound : `${bound} in ${open.length} of ${count(effects.length, 'trial')}` }
}

function changeOf(effects: readonly OperationEffects[], known: Figure): Figure {
  const changes = effects.flatMap(({ change }) => change ?? [])
  const open = changes.filter(({ until }) => until === undefined).length
  const mixed = changes.reduce((sum, one) => sum + one.mixed, 0)
  const old = mixed === 0 ? 'no old answer' : count(mixed, 'old answer')
  const text = open > 0 ? `not within the window in ${open} of ${count(changes.length, 'trial')}` : known.text
  return {
    text: `${text}, ${old} after the first new one`,
    ...(open === 0 && known.interval !== undefined && { interval: known.interval }),
  }
}

function podText(pods: readonly { readonly ready?: Seconds | undefined; readonly within: Seconds }[]): string {
  const ready = pods.flatMap((pod) => pod.ready ?? [])
  const within = formatDuration(Math.min(...pods.map((pod) => pod.within)))
  if (ready.length === 0) return `not ready within ${within}`
  const took = ready.length === 1 ? secondsText(ready[0] as number) : `at most ${secondsText(Math.max(...ready))}`
  return ready.length === pods.length
    ? `ready after ${took}`
    : `ready in ${ready.length} of ${count(pods.length, 'trial')}`
}

function countText(value: number): string {
  return formatNumber(value, 3)
}

/** Figures of whole seconds have no more digits than that. */
function secondsText(value: Seconds): string {
  return `${formatNumber(value, value < 10 ? 2 : 3)} s`
}
