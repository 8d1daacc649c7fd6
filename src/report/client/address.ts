import { type PageState, parseState, stateText } from '../page-state.ts'

/** The names that a state may use. */
export type Known = Parameters<typeof parseState>[1]

/**
 * The part of an address behind `#`: the id of a place, then what the reader asked of the page. `#cpu-0` alone is an anchor
 * as any other; in `#cpu-0&baseline=none` this script finds the place.
 */
export function hashOf(id: string, state: PageState): string {
  const text = stateText(state)
  return `#${encodeURIComponent(id)}${text && `&${text}`}`
}

export function readHash(hash: string, known: Known): { readonly id: string; readonly state: PageState } {
  const [id = '', ...rest] = hash.replace(/^#/, '').split('&')
  return { id: decoded(id), state: parseState(rest.join('&'), known) }
}

/** An address can be typed by hand: what is no code is taken as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
