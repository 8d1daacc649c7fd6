import { textOf } from '../html.ts'
import { costTable } from '../sections/costs.ts'
import { fleetTables } from '../sections/fleet.ts'
import type { Reading } from './reading.ts'

/** Tables of the page that follow what the reader asks: `data-part="costs-0"` is that of the first load. */
export function renewParts(reading: Reading): void {
  reading.listen(() => {
    for (const [index, load] of reading.view.loads.entries()) {
      for (const [part, make] of Object.entries({ costs: costTable, fleet: fleetTables })) {
        const place = document.querySelector(`[data-part="${part}-${index}"]`)
        if (place) place.innerHTML = textOf(make(reading.view, load))
      }
    }
  })
}
