import { textOf } from '../html.ts'
import { costs, headline, winners } from '../sections/answer.ts'
import { clusterCostTables } from '../sections/cluster-costs.ts'
import type { Reading } from './reading.ts'

/** What follows the reader besides charts: `data-part="costs-0"` is that of the first load. */
const PARTS = { headline, winners, costs, 'cluster-size': clusterCostTables } as const

/**
 * Shows the parts of the chosen load, and no other's. Those of a load that was not shown yet become elements of the page;
 * `take` is told of them.
 */
export function showLoad(reading: Reading, take: (part: ParentNode) => void): void {
  let shown: string | undefined
  const show = () => {
    const index = String(reading.view.loads.indexOf(reading.view.load))
    if (index === shown) return
    shown = index
    for (const held of document.querySelectorAll<HTMLElement>(`noscript[data-load="${index}"]`)) {
      const part = partOf(held)
      held.replaceWith(part)
      renewParts(reading, part)
      take(part)
    }
    for (const part of document.querySelectorAll<HTMLElement>('div[data-load]')) {
      part.hidden = part.dataset['load'] !== index
    }
    for (const part of document.querySelectorAll<HTMLElement>('[data-of]')) part.hidden = part.dataset['of'] !== index
  }
  reading.listen(show)
  reading.listen(() => renewParts(reading, document))
  show()
  openFolds()
}

/** The name of the load that a place belongs to. */
export function loadOfPlace(reading: Reading, id: string): string | undefined {
  const quoted = `id="${CSS.escape(id)}"`
  const part = [...document.querySelectorAll<HTMLElement>('[data-load]')].find((one) =>
    one.tagName === 'NOSCRIPT' ? one.textContent?.includes(quoted) : one.querySelector(`[${quoted}]`) !== null,
  )
  return part && reading.view.loads[Number(part.dataset['load'])]?.name
}

/** Of what a page without scripts has under a fold, without the fold. */
function partOf(held: HTMLElement): HTMLElement {
  const part = document.createElement('div')
  part.dataset['load'] = held.dataset['load'] ?? ''
  part.innerHTML = held.textContent ?? ''
  const fold = part.firstElementChild
  fold?.querySelector('summary')?.remove()
  fold?.replaceWith(...fold.childNodes)
  return part
}

function renewParts({ view, asked }: Reading, within: ParentNode): void {
  const index = view.loads.indexOf(view.load)
  for (const [part, make] of Object.entries(PARTS)) {
    const place = within.querySelector<HTMLElement>(`[data-part="${part}-${index}"]`)
    // What came with the page is as published.
    if (!place || (asked === '' && place.dataset['made'] === undefined)) continue
    const isOpen = place.querySelector('details')?.open
    place.innerHTML = textOf(make(view, view.load))
    place.dataset['made'] = ''
    if (isOpen) place.querySelector('details')?.setAttribute('open', '')
  }
  for (const name of document.querySelectorAll('.base-name')) name.textContent = view.baseline.name
}

/** Tables under a fold become elements of the page when it is opened, or printed. */
function openFolds(): void {
  const open = (fold: Element) => {
    const held = fold.querySelector(':scope > noscript')
    if (!held) return
    const part = document.createElement('div')
    part.innerHTML = held.textContent ?? ''
    held.replaceWith(part)
    fold.dispatchEvent(new Event('filled'))
  }
  document.addEventListener('toggle', ({ target }) => target instanceof Element && open(target), true)
  addEventListener('beforeprint', () => {
    for (const fold of document.querySelectorAll('details:not(.behind *, .menu)')) open(fold)
  })
}
