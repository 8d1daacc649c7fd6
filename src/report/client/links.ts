import { hashOf, type Known, readHash } from './address.ts'
import type { Reading } from './reading.ts'
import type { Speaker } from './speaker.ts'

/** Keeps the address and what the reader asked in step, so that a link brings another reader to the same view. */
export function followLinks(reading: Reading): void {
  const { arms, trials } = reading.data
  const known: Known = { arms: arms.map(({ name }) => name), trials: trials.map(({ id }) => id) }
  let byClick = false
  const read = () => {
    const { id, state } = readHash(location.hash, known)
    reading.change(state)
    // A place with a state behind it is found by no browser.
    if (location.hash.includes('&')) document.getElementById(id)?.scrollIntoView()
  }
  reading.listen(() => {
    const { id } = readHash(location.hash, known)
    const hash = hashOf(id, reading.state)
    if (hash !== (location.hash || '#')) history.replaceState(history.state, '', hash)
  })
  document.addEventListener('click', ({ target }) => {
    byClick = target instanceof Element && target.closest('a[href^="#"]') !== null
  })
  addEventListener('hashchange', () => {
    // A link within the page leads to a place and leaves what is shown as it is.
    if (byClick) history.replaceState(history.state, '', hashOf(readHash(location.hash, known).id, reading.state))
    else read()
    byClick = false
  })
  if (location.hash.includes('&')) read()
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
