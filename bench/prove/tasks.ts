import type { Bank } from './bank.ts'
import { coverageGrid, coverageOf } from './coverage.ts'
import { nullsOf, powerOf } from './nights.ts'
import type { Proof } from './page.ts'
import { pinnedOf, pinnedSettings } from './pinned-nights.ts'
import {
  nightlyPowerSettings,
  nightlySettings,
  nullSettings,
  powerSettings,
  resampledPowerSettings,
  resampledSettings,
  stalledPowerSettings,
  stalledSettings,
} from './settings.ts'

export type Part =
  | 'resampled'
  | 'resampledPower'
  | 'family'
  | 'power'
  | 'nightly'
  | 'nightlyPower'
  | 'pinned'
  | 'stalled'
  | 'stalledPower'
  | 'coverage'
export type Counted = { [Key in Part]: Proof[Key][number] }[Part]

/** One setting of a part, by its place. */
export interface Task {
  readonly part: Part
  readonly place: number
}

export interface Size {
  readonly isShort: boolean
  /** Without a difference, of each setting. */
  readonly nights: number
}

/** Every setting, the longest first. */
export function tasksOf(bank: Bank, { isShort }: Size): Task[] {
  const all = {
    stalled: stalledSettings(isShort),
    stalledPower: stalledPowerSettings(isShort),
    resampled: resampledSettings(isShort),
    resampledPower: resampledPowerSettings(isShort),
    family: nullSettings(bank, isShort),
    pinned: pinnedSettings(isShort),
    nightly: nightlySettings(isShort),
    power: powerSettings(isShort),
    nightlyPower: nightlyPowerSettings(isShort),
    coverage: coverageGrid(isShort),
  }
  return Object.entries(all).flatMap(([part, settings]) => settings.map((_, place) => ({ part: part as Part, place })))
}

/** Every task draws from streams of its own: the same counts in whatever order and thread. */
export function countOf({ part, place }: Task, bank: Bank, { isShort, nights }: Size): Counted {
  const few = Math.min(nights, isShort ? 60 : 500)
  switch (part) {
    case 'family':
      return nullsOf(at(nullSettings(bank, isShort), place), nights)
    case 'stalled':
      return nullsOf(at(stalledSettings(isShort), place), Math.min(nights, isShort ? 30 : 5000))
    case 'stalledPower':
      return powerOf(at(stalledPowerSettings(isShort), place), Math.min(few, 200))
    case 'resampled':
      return nullsOf(at(resampledSettings(isShort), place), Math.min(nights, isShort ? 30 : 1000))
    case 'resampledPower':
      return powerOf(at(resampledPowerSettings(isShort), place), Math.min(few, 200))
    case 'nightly':
      return nullsOf(at(nightlySettings(isShort), place), nights)
    case 'power':
      return powerOf(at(powerSettings(isShort), place), few)
    case 'nightlyPower':
      return powerOf(at(nightlyPowerSettings(isShort), place), few)
    case 'pinned':
      return pinnedOf(at(pinnedSettings(isShort), place), Math.min(nights, isShort ? 100 : 2000))
    case 'coverage':
      return coverageOf(at(coverageGrid(isShort), place), isShort)
  }
}

function at<T>(items: readonly T[], place: number): T {
  const item = items[place]
  if (item === undefined) throw new RangeError(`there is no setting ${place}`)
  return item
}
