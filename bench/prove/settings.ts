import { FAMILY_METHODS, type FamilyMethod } from '../../src/model/limits.ts'
import { defaultLimits } from '../../src/scenario/gate-schema.ts'
import type { Bank } from './bank.ts'
import type { NightAbout } from './night.ts'
import { flipped, modelled, type Shape, stalled } from './noise.ts'
import type { Tail } from './tails.ts'

export interface Setting {
  readonly title: string
  /** s_D, where the noise has one. */
  readonly deviation?: number
  readonly night: NightAbout
}

export interface PowerSetting {
  readonly title?: string
  readonly deviation: number
  readonly increase: number
  readonly night: NightAbout
}

const DEVIATIONS = [0.03, 0.06, 0.12]

export function nullSettings(bank: Bank, isShort: boolean): Setting[] {
  const limits = defaultLimits()
  const local = { limits, platform: 'local', cohorts: 1 } as const
  const plain = DEVIATIONS.flatMap((deviation) =>
    (['normal', 't3'] as const).map((shape) => ({
      title: `${shape} noise`,
      deviation,
      night: { ...local, noise: modelled({ shape, deviation }) },
    })),
  )
  const others: Setting[] = [
    {
      title: 'normal noise, levels drifting by 50 % over the night',
      deviation: 0.06,
      night: { ...local, noise: modelled({ shape: 'normal', deviation: 0.06, drift: 0.5 }) },
    },
    {
      title: 'sign-flipped blocks of real local runs',
      night: { ...local, noise: flipped(bank.rows) },
    },
    {
      title: 'sign-flipped blocks of real nights of equal arms',
      night: { ...local, noise: flipped(bank.quiet) },
    },
    {
      title: 'five provisionings of two blocks that differ by 3 % themselves',
      deviation: 0.06,
      night: { ...onClusters(5), noise: modelled({ shape: 'normal', deviation: 0.06, between: 0.03 }) },
    },
    ...[false, true].map((hasAgain) => ({
      title: `two provisionings of five blocks, a mesh three times as restless as the baseline${hasAgain ? ', both twice' : ''}`,
      deviation: 0.06,
      night: { ...onClusters(2), hasAgain, noise: RESTLESS },
    })),
  ]
  return isShort ? [...plain.slice(2, 4), ...others.slice(1, 2)] : [...plain, ...others]
}

/** `gate.family.method: maxt`, which takes a night ten thousand times. */
export function resampledSettings(isShort: boolean): Setting[] {
  const all = (
    [
      ['normal noise, cells independent', 'normal', 0],
      ['t3 noise, cells independent', 't3', 0],
      ['normal noise, four fifths of it common to all cells of an arm', 'normal', 0.8],
      ['t3 noise, four fifths of it common to all cells of an arm', 't3', 0.8],
    ] as const
  ).map(([title, shape, together]) => ({ title, deviation: 0.06, night: resampled('maxt', shape, together) }))
  return isShort ? all.slice(2, 3) : all
}

/** Side by side, Holm and max-T, where cells move together. */
export function resampledPowerSettings(isShort: boolean): PowerSetting[] {
  const all = [0.05, 0.08, 0.1].flatMap((increase) =>
    FAMILY_METHODS.map((method) => ({
      title: method,
      deviation: 0.06,
      increase,
      night: resampled(method, 'normal', 0.8),
    })),
  )
  return isShort ? [] : all
}

function resampled(method: FamilyMethod, shape: Shape, together: number): NightAbout {
  const limits = { ...defaultLimits(), family: { method } }
  return { limits, platform: 'local', cohorts: 1, noise: modelled({ shape, deviation: 0.06, together }) }
}

const RESTLESS = modelled({ shape: 'normal', deviation: 0.06, between: 0.06, baseline: 0.02 })

function onClusters(cohorts: number) {
  return { limits: defaultLimits(), platform: 'kind', cohorts } as const
}

/** As `scenarios/nightly.yaml` has it: one load, baseline and reference twice. */
const shipped = (cohorts: number) => ({ ...onClusters(cohorts), loads: 1, hasAgain: true })

/** Clusters that differ by so much. */
const BETWEEN = [0.01, 0.03, 0.06]

export function nightlySettings(isShort: boolean): Setting[] {
  const all = [5, 2].flatMap((cohorts) =>
    BETWEEN.map((between) => ({
      title: `${cohorts} × ${10 / cohorts} blocks, clusters of a mesh differ by ${100 * between} %, of none by 2 %`,
      deviation: 0.06,
      night: { ...shipped(cohorts), noise: modelled({ shape: 'normal', deviation: 0.06, between, baseline: 0.02 }) },
    })),
  )
  return isShort ? all.slice(2, 3) : all
}

export function nightlyPowerSettings(isShort: boolean): PowerSetting[] {
  const all = [5, 2].flatMap((cohorts) =>
    [0.01, 0.03].flatMap((between) =>
      [0.1, 0.2].map((increase) => ({
        title: `${cohorts} × ${10 / cohorts} blocks, clusters differ by ${100 * between} %`,
        deviation: 0.06,
        increase,
        night: { ...shipped(cohorts), noise: modelled({ shape: 'normal', deviation: 0.06, between }) },
      })),
    ),
  )
  return isShort ? [] : all
}

/** The tail made of requests, on a host that stalls; s_D is of the arms themselves. */
export function stalledSettings(isShort: boolean): Setting[] {
  const all = [0.06, 0.12].map((deviation) => onStalls('typical-p99', deviation))
  return isShort ? all.slice(0, 1) : all
}

/** The p99 of a typical second beside that of all requests, in the same windows. */
export function stalledPowerSettings(isShort: boolean): PowerSetting[] {
  const all = [0.1, 0.2, 0.5, 1].flatMap((increase) =>
    (['typical-p99', 'p99'] as const).map((tail) => ({ ...onStalls(tail, 0.06), increase })),
  )
  return isShort ? [] : all
}

function onStalls(tail: Tail, deviation: number) {
  const night = { limits: defaultLimits(), platform: 'local', cohorts: 1, noise: stalled(tail, deviation) } as const
  return { title: tail === 'p99' ? 'p99 of all requests' : 'p99 of a typical second', deviation, night }
}

export function powerSettings(isShort: boolean): PowerSetting[] {
  const of = (deviation: number, increase: number) => {
    const noise = modelled({ shape: 'normal', deviation })
    return { deviation, increase, night: { limits: defaultLimits(), platform: 'local', cohorts: 1, noise } as const }
  }
  if (isShort) return [of(0.06, 0.1)]
  return DEVIATIONS.flatMap((deviation) =>
    [0.03, 0.05, 0.08, 0.1, 0.15, 0.2].map((increase) => of(deviation, increase)),
  )
}
