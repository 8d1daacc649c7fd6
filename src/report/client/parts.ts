import { textOf } from '../html.ts'
import { costTable } from '../sections/costs.ts'
import type { Reading } from './reading.ts'

/** Tables of the page that follow what the reader asks: `data-part="costs-0"` is that of the first load. */
export function renewParts(reading: Reading): void {
  reading.listen(() => {
    for (const [index, load] of reading.view.loads.entries()) {
      const place = document.querySelector(`[data-part="costs-${index}"]`)
      if (place) place.innerHTML = textOf(costTable(reading.view, load))
    }
  })
}
