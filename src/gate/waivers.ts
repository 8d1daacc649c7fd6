import type { Waiver } from '../model/limits.ts'
import type { WaiverUse } from '../model/verdict.ts'
import { covers, type Place, placeText } from './pattern.ts'

/** The waiver that covers a place today, if any. `today`: a day in UTC, `2026-12-01`. */
export function waiverOf(waivers: readonly Waiver[], place: Place, today: string): Waiver | undefined {
  return waivers.find(({ match, until }) => until >= today && covers(match, place))
}

/** What became of every waiver. `failing`: what would decide the exit code without them. */
export function waiverUses(waivers: readonly Waiver[], failing: readonly Place[], today: string): WaiverUse[] {
  return waivers.map((waiver) => {
    const cells = failing.filter((place) => covers(waiver.match, place)).map(placeText)
    const state = waiver.until < today ? 'expired' : cells.length > 0 ? 'used' : 'unused'
    return { ...waiver, state, cells: state === 'used' ? cells : [] }
  })
}
