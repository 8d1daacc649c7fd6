import type { Estimate } from '../../model/analysis.ts'
import { LEVEL_TEXT } from '../../model/confidence.ts'
import { formatChange } from '../../model/units.ts'
import { MESH_ROLES } from '../../model/usage.ts'
import { type Point, pooledSlope } from '../../stats/series.ts'
import { type HeldView, isSteady } from '../trial-view.ts'
import type { Comparison, ComparisonRule } from './comparison.ts'

const DRIFT = Math.log(1.05)
const POSITION = Math.log(1.1)

export const drift: ComparisonRule = {
  name: 'drift',
  title: 'Latency did not drift over the run',
  problem: 'Latency drifted over the run',
  judge(comparison) {
    const change = changeWith(comparison, ({ trial }) => trial.order)
    if (!change || !beyond(change, DRIFT)) return []
    return [
      {
        severity: 'warning',
        cause: `p50 of all arms changed by ${range(change)} from the first trial to the last.`,
        effect: 'Pairing within blocks removes most of this from the ratios, but not from the levels.',
        remedy: 'Wait until the machine is steady before the run, and stop other programs on it.',
      },
    ]
  },
}

/** CPU of a mesh has no ratio to a baseline without a mesh, so that pairing removes nothing. */
export const cpuDrift: ComparisonRule = {
  name: 'cpu-drift',
  title: 'CPU of the mesh per request did not drift over the run',
  problem: 'CPU per request drifted over the run',
  judge({ valid }) {
    const meshed = valid.filter(({ mesh }) => mesh && mesh.layer !== 'none')
    return [...Map.groupBy(meshed, ({ load }) => load.name)].flatMap(([load, views]) => {
      const change = changeWith({ valid: views }, ({ trial }) => trial.order, meshCpuPerRequest)
      if (!change || !beyond(change, CPU_DRIFT)) return []
      return [
        {
          severity: 'warning' as const,
          cause: `CPU of the mesh per request changed by ${range(change)} from the first trial to the last.`,
          effect:
            'The machine did less or more with a second of CPU. This is part of the scatter of these figures, and of the difference to other runs.',
          remedy: 'Compare CPU between arms of one run only, and wait until the machine is steady before the run.',
          load,
        },
      ]
    })
  },
}

const CPU_DRIFT = Math.log(1.1)

/** CPU-seconds of all parts of the mesh for each request, idle CPU included. */
function meshCpuPerRequest({ reading }: HeldView): number {
  const own = reading.observation.usage.filter(({ role }) => MESH_ROLES.has(role))
  return own.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0) / reading.requests
}

export const orderEffect: ComparisonRule = {
  name: 'order-effect',
  title: 'The position of an arm in its block did not matter',
  problem: 'The position in a block mattered',
  judge(comparison) {
    const change = changeWith(comparison, ({ trial }) => trial.position)
    if (!change || !beyond(change, POSITION)) return []
    return [
      {
        severity: 'warning',
        cause: `p50 changed by ${range(change)} from the first position in a block to the last.`,
        effect: 'An arm affects the next one. The order is balanced over blocks, but not within a block.',
        remedy: 'Use as many blocks as the order needs to be balanced, or a multiple, and longer warm-ups.',
      },
    ]
  },
}

/** Change of a value's logarithm over the range of `along`, after the levels of arms and loads are removed. */
function changeWith(
  { valid: all }: Pick<Comparison, 'valid'>,
  along: (view: HeldView) => number,
  read = ({ headline }: HeldView) => headline.p50,
): Estimate | undefined {
  // In a search every trial has another rate, and an operation disturbs its trial: both change more than any drift.
  const valid = all.filter(isSteady)
  const groups = [...Map.groupBy(valid, ({ arm, load }) => JSON.stringify([arm.name, load.name])).values()]
  const slope = pooledSlope(groups.map((views) => views.flatMap((view) => point(along(view), read(view)))))
  if (slope?.lo === undefined || slope.hi === undefined) return undefined
  const places = valid.map(along)
  const span =
    places.reduce((most, place) => Math.max(most, place)) - places.reduce((least, place) => Math.min(least, place))
  return { center: slope.center * span, lo: slope.lo * span, hi: slope.hi * span, n: slope.n }
}

function point(x: number, value: number): Point[] {
  return value > 0 ? [{ x, y: Math.log(value) }] : []
}

/** Whether a change is larger than tolerated and its interval excludes 0. */
function beyond({ center, lo = center, hi = center }: Estimate, tolerated: number): boolean {
  return Math.abs(center) > tolerated && lo * hi > 0
}

function range({ center, lo = center, hi = center }: Estimate): string {
  const [middle, low, high] = [center, lo, hi].map((log) => formatChange(Math.exp(log)))
  return `${middle} (${LEVEL_TEXT} interval ${low} … ${high})`
}
