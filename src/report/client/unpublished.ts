import { list } from '../../analyse/wording.ts'
import { html, textOf } from '../html.ts'
import { changesFigures } from '../page-state.ts'
import type { Reading } from './reading.ts'

/** Says, where it cannot be missed, that figures are not those that were published, and offers the way back. */
export function warnWhenChanged(reading: Reading): void {
  const place = document.getElementById('unpublished')
  if (!place) return
  place.addEventListener('click', ({ target }) => {
    if (target instanceof Element && target.closest('button')) reading.reset()
  })
  const agree = () => {
    place.hidden = !changesFigures(reading.state)
    place.innerHTML = place.hidden ? '' : textOf(words(reading))
  }
  reading.listen(agree)
  agree()
}

/** As many trials are named as can be read in passing. */
const NAMED = 4

function words({ state, view }: Reading) {
  const { baseline, excluded } = state
  const named = excluded.length > NAMED ? `${excluded.length} trials` : `trial ${list(excluded)}`
  const changes = [
    ...(baseline === undefined ? [] : [`baseline ${view.baseline.name}`]),
    ...(excluded.length === 0 ? [] : [`without ${named}`]),
  ]
  const left =
    'Sentences, tables and problems that were written with the report, merged distributions and bills by component stand as published.'
  return html`<p><b>Not the published analysis: ${changes.join(', ')}.</b> ${left}</p><button type="button">Back to the published analysis</button>`
}
