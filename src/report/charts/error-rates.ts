import { formatNumber, formatShare } from '../../model/units.ts'
import type { Chart } from '../chart.ts'
import rates from '../error-rates.json' with { type: 'json' }
import { type FalseAlarms, falseAlarmsSpec } from './false-alarms.ts'
import { type Power, powerSpec } from './power.ts'

/** What `npm run prove` has found by simulation; the same numbers as in docs/prove.json. */
export interface ErrorRates {
  /** Cells of a night. */
  readonly cells: number
  /** The share of nights with a false alarm that is promised not to be exceeded. */
  readonly goal: number
  readonly falseAlarms: readonly FalseAlarms[]
  readonly power: readonly Power[]
}

/** How often the harness itself is wrong: what it misses, and what it raises for nothing. The same on every page. */
export function errorRateCharts(given: ErrorRates = rates): Chart[] {
  return [powerChart(given.power), falseAlarmChart(given)]
}

function powerChart(power: readonly Power[]): Chart {
  return {
    id: 'error-rates-power',
    title: 'How often a real increase of p99 is found',
    sentence: powerSentence(power),
    drawing: power.length > 0 ? (frame) => powerSpec(power, frame) : { reason: 'No chart: nothing was simulated.' },
    columns: [
      { name: 's_D', unit: 'share' },
      { name: 'Increase', unit: 'share' },
      { name: 'Nights', unit: 'dimensionless' },
      { name: 'Found', unit: 'share' },
    ],
    rows: power.map(({ deviation, increase, nights, found }) => [deviation, increase, nights, found / nights]),
  }
}

/** "An increase of 10 % is found in 100 % of nights where s_D is 3 %, 99.6 % where it is 6 % …" */
function powerSentence(power: readonly Power[]): string {
  const increases = [...new Set(power.map(({ increase }) => increase))]
  const told = increases.includes(0.1) ? 0.1 : increases.at(-1)
  const parts = power
    .filter(({ increase }) => increase === told)
    .map(({ deviation, nights, found }, index) =>
      index === 0
        ? `in ${share(found / nights)} of simulated nights where s_D is ${share(deviation)}`
        : `in ${share(found / nights)} where it is ${share(deviation)}`,
    )
  if (told === undefined || parts.length === 0) return ''
  return `An increase of ${share(told)} is found ${parts.join(', ')}. s_D is the standard deviation of the log-ratio of two arms in one block.`
}

function falseAlarmChart({ falseAlarms, goal, cells }: ErrorRates): Chart {
  const nights = falseAlarms.reduce((sum, one) => sum + one.nights, 0)
  const alarms = falseAlarms.reduce((sum, one) => sum + one.alarms, 0)
  const most = Math.max(0, ...falseAlarms.map(({ upper }) => upper))
  return {
    id: 'error-rates-false-alarms',
    title: 'How often nothing is called a regression',
    sentence: `Of ${formatNumber(nights, 9)} simulated nights of ${cells} cells without any difference, ${formatNumber(alarms, 9)} had a false alarm in any of them; in the worst setting at most ${share(most)} have one, where ${share(goal)} is promised.`,
    drawing:
      falseAlarms.length > 0
        ? (frame) => falseAlarmsSpec(falseAlarms, goal, frame)
        : { reason: 'No chart: nothing was simulated.' },
    columns: [
      { name: 'Noise' },
      { name: 's_D', unit: 'share' },
      { name: 'Nights', unit: 'dimensionless' },
      { name: 'With a false alarm', unit: 'dimensionless' },
      { name: 'Share', unit: 'share' },
      { name: 'One-sided 95 % bound', unit: 'share' },
    ],
    rows: falseAlarms.map(({ noise, deviation, nights: of, alarms: raised, upper }) => [
      noise,
      deviation,
      of,
      raised,
      raised / of,
      upper,
    ]),
  }
}

/** A number and its sign stay on one line. */
function share(value: number): string {
  return formatShare(value).replace(' ', '\u{A0}')
}
