import { html, textOf } from '../html.ts'
import type { Reading } from './reading.ts'

/** A box for each valid trial, by which the reader leaves it out; made when the list is opened, since it can be long. */
export function offerTrials(reading: Reading): void {
  const list = document.querySelector<HTMLDetailsElement>('#every-trial')
  if (list?.open) offer(reading)
  else list?.addEventListener('toggle', () => offer(reading), { once: true })
}

function offer(reading: Reading): void {
  const boxes = new Map<string, HTMLInputElement>()
  const rows = document.querySelectorAll('#every-trial tbody > tr')
  const inOrder = reading.data.trials.toSorted((a, b) => a.order - b.order)
  for (const [place, { id, status }] of inOrder.entries()) {
    const last = status === 'valid' ? rows[place]?.lastElementChild : undefined
    if (!last) continue
    last.insertAdjacentHTML(
      'beforeend',
      textOf(html` <label class="tick"><input type="checkbox" aria-label="Leave out trial ${id}">leave out</label>`),
    )
    const box = last.querySelector<HTMLInputElement>('input')
    if (box) boxes.set(id, box)
  }
  for (const [id, box] of boxes) {
    box.addEventListener('change', () => {
      const others = reading.state.excluded.filter((one) => one !== id)
      reading.change({ excluded: box.checked ? [...others, id] : others })
    })
  }
  const agree = () => {
    for (const [id, box] of boxes) box.checked = reading.state.excluded.includes(id)
  }
  reading.listen(agree)
  agree()
}
