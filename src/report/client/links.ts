import { type PageState, parseState, stateText } from '../data/page-state.ts'
import type { Speaker } from './marks.ts'
import { loadOfPlace } from './parts.ts'
import type { Reading } from './reading.ts'

/** Keeps the address and what the reader asked in step, so that a link brings another reader to the same view. */
export function followLinks(reading: Reading): void {
  const { loads, arms, trials } = reading.data
  const known: Known = {
    loads: loads.map(({ name }) => name),
    arms: arms.map(({ name }) => name),
    trials: trials.map(({ id }) => id),
  }
  let byClick = false
  const read = () => {
    const { id, state } = readHash(location.hash, known)
    // A place that stands under one load brings it.
    const load = loadOfPlace(reading, id) ?? state.load
    reading.change({ ...state, ...(load !== undefined && { load }) })
    document.getElementById(id)?.scrollIntoView()
  }
  reading.listen(() => {
    const { id } = readHash(location.hash, known)
    const load = loadOfPlace(reading, id)
    const isShown = load === undefined || load === reading.view.load.name
    const hash = hashOf(isShown ? id : '', reading.state)
    if (hash !== (location.hash || '#')) history.replaceState(history.state, '', hash)
  })
  document.addEventListener('click', ({ target }) => {
    byClick = target instanceof Element && target.closest('a[href^="#"]') !== null
  })
  addEventListener('hashchange', () => {
    // A link within the page leads to a place and leaves what is shown as it is.
    const { id } = readHash(location.hash, known)
    if (byClick) history.replaceState(history.state, '', hashOf(id, reading.state))
    else read()
    byClick = false
  })
  // Who was faster than the rest of the page is not overruled by a link; what came up since is told.
  if (stateText(reading.state) !== '') reading.change({})
  else if (location.hash.length > 1) read()
}

/** Puts the address of this view on the clipboard, and into the address bar in any case. */
export function linkCopier(reading: Reading, speaker: Speaker): (id: string) => void {
  return (id) => {
    history.replaceState(history.state, '', hashOf(id, reading.state))
    const copied = navigator.clipboard?.writeText(location.href) ?? Promise.reject(new Error('no clipboard'))
    copied.then(
      () => speaker.announce('The link to this view is copied.'),
      () => speaker.announce('The address bar holds the link to this view: copy it from there.'),
    )
  }
}

/** The names that a state may use. */
type Known = Parameters<typeof parseState>[1]

/**
 * The part of an address behind `#`: the id of a place, then what the reader asked of the page. `#cpu-0` alone is an anchor
 * as any other; in `#cpu-0&baseline=none` this script finds the place.
 */
function hashOf(id: string, state: PageState): string {
  const text = stateText(state)
  return `#${encodeURIComponent(id)}${text && `&${text}`}`
}

function readHash(hash: string, known: Known): { readonly id: string; readonly state: PageState } {
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
