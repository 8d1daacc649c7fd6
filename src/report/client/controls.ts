import { TAIL } from '../../analyse/quantiles.ts'
import { list } from '../../model/words.ts'
import { CLUSTER_SIZE_INPUTS, changesFigures, clusterSizeOf, QUANTILE_KEYS } from '../data/page-state.ts'
import { type Html, html, textOf } from '../html.ts'
import { clusterCostTables } from '../sections/cluster-costs.ts'
import { costTable } from '../sections/costs.ts'
import type { Reading } from './reading.ts'

interface Choice {
  readonly name: string
  readonly label: string
  readonly options: readonly (readonly [value: string, text: string])[]
}

/** The controls of the page: native elements with visible labels. */
export function showControls(reading: Reading, compare: (file: File) => void, copyLink: (id: string) => void): void {
  const place = document.getElementById('controls')
  if (!place) return
  place.innerHTML = textOf(form(reading))
  place.hidden = false
  const element = place.querySelector('form')
  if (!element) return
  element.addEventListener('submit', (event) => event.preventDefault())
  element.addEventListener('change', ({ target }) => {
    if (target instanceof HTMLSelectElement) choose(reading, target)
    if (!(target instanceof HTMLInputElement)) return
    if (target.type === 'checkbox') choose(reading, element)
    const file = target.files?.[0]
    if (file) compare(file)
    // The same file can be chosen again.
    if (file) target.value = ''
  })
  element.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest('button')?.name : undefined
    if (button === 'reset') reading.reset()
    if (button === 'link') copyLink('')
  })
  const agree = () => showState(reading, element)
  reading.listen(agree)
  agree()
}

function choicesOf({ data }: Reading): Choice[] {
  const published = data.arms.find(({ role }) => role === 'baseline')?.name
  return [
    {
      name: 'baseline',
      label: 'Baseline',
      options: data.arms.map(({ name }) => [name, name === published ? `${name} (as published)` : name]),
    },
    { name: 'quantile', label: 'Percentile', options: QUANTILE_KEYS.map((key) => [key, quantileTitle(key)]) },
    {
      name: 'clock',
      label: 'Clock',
      options: [
        ['response', 'response time'],
        ['service', 'service time'],
      ],
    },
    {
      name: 'scale',
      label: 'Latency axes',
      options: [
        ['log', 'logarithmic'],
        ['linear', 'linear'],
      ],
    },
  ]
}

function quantileTitle(key: string): string {
  return key === 'p999' ? 'p99.9' : key === TAIL ? 'p99 of a typical second' : key
}

function form(reading: Reading): Html {
  return html`<form class="controls" aria-label="What the page shows">
${choicesOf(reading).map(
  ({ name, label, options }) =>
    html`<label class="choice"><span>${label}</span><select name="${name}">${options.map(([value, text]) => html`<option value="${value}">${text}</option>`)}</select></label>`,
)}
<fieldset><legend>Arms shown</legend>${reading.data.arms.map(({ name }) => html`<label class="tick"><input type="checkbox" name="arm" value="${name}">${name}</label>`)}</fieldset>
<div class="acts"><button type="button" name="reset">As published</button><button type="button" name="link">Copy link</button><label class="choice"><span>Compare with another run’s report</span><input type="file" accept=".html,text/html"></label></div>
</form>`
}

function choose(reading: Reading, from: HTMLSelectElement | HTMLFormElement): void {
  if (from instanceof HTMLSelectElement) {
    reading.change({ [from.name]: from.value })
    return
  }
  const shown = new Set(boxes(from).flatMap(({ checked, value }) => (checked ? [value] : [])))
  reading.change({ hidden: reading.data.arms.map(({ name }) => name).filter((name) => !shown.has(name)) })
}

/** A link, the way back or a reset may have changed it, not only these elements. */
function showState({ state, view, isPublished }: Reading, element: HTMLFormElement): void {
  const values = { baseline: view.baseline.name, clock: state.clock ?? 'response', ...state }
  for (const name of ['baseline', 'quantile', 'clock', 'scale'] as const) {
    const select = element.elements.namedItem(name)
    if (select instanceof HTMLSelectElement) select.value = values[name]
  }
  for (const box of boxes(element)) box.checked = !state.hidden.includes(box.value)
  const reset = element.querySelector<HTMLButtonElement>('[name=reset]')
  if (reset) reset.disabled = isPublished
}

function boxes(element: HTMLFormElement): HTMLInputElement[] {
  return [...element.querySelectorAll<HTMLInputElement>('[name=arm]')]
}

/** The inputs of the cost model, in place of the list that a page without scripts has. */
export function offerClusterSize(reading: Reading): void {
  const place = document.getElementById('cluster-size-inputs')
  if (!place) return
  place.innerHTML = textOf(
    html`<form class="controls" aria-label="Inputs of the cost model">${CLUSTER_SIZE_INPUTS.map(
      ({ key, label, least, most }) =>
        html`<label class="choice"><span>${label}</span><input type="number" name="${key}" min="${least}" max="${most}" step="any" required></label>`,
    )}</form>`,
  )
  const form = place.querySelector('form')
  if (!form) return
  const inputs = [...form.querySelectorAll<HTMLInputElement>('input')]
  const agree = () => {
    for (const input of inputs)
      input.value = String(reading.view.clusterSize[input.name as keyof typeof reading.view.clusterSize])
  }
  form.addEventListener('submit', (event) => event.preventDefault())
  form.addEventListener('change', () => {
    // Invalid input stays in the field, with the message of the browser.
    if (!form.reportValidity()) return
    reading.change({ clusterSize: clusterSizeOf((key) => inputs.find(({ name }) => name === key)?.value) })
  })
  reading.listen(agree)
  agree()
}

/** Tables of the page that follow what the reader asks: `data-part="costs-0"` is that of the first load. */
export function renewParts(reading: Reading): void {
  reading.listen(() => {
    for (const [index, load] of reading.view.loads.entries()) {
      for (const [part, make] of Object.entries({ costs: costTable, 'cluster-size': clusterCostTables })) {
        const place = document.querySelector(`[data-part="${part}-${index}"]`)
        if (place) place.innerHTML = textOf(make(reading.view, load))
      }
    }
  })
}

/** Adds a checkbox that leaves out a trial to each valid trial, when the list is opened, since it can be long. */
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

/** Shows a banner while figures differ from the published ones, with a button to reset them. */
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

/** Number of trials up to which the banner names them. */
const NAMED = 4

function words({ state, view }: Reading) {
  const { baseline, excluded } = state
  const named = excluded.length > NAMED ? `${excluded.length} trials` : `trial ${list(excluded)}`
  const changes = [
    ...(baseline === undefined ? [] : [`baseline ${view.baseline.name}`]),
    ...(excluded.length === 0 ? [] : [`without ${named}`]),
  ]
  const left = 'Other sentences, tables and problems, merged distributions and costs by component are as published.'
  return html`<p><b>Changed from the published analysis: ${changes.join(', ')}.</b> ${left}</p><button type="button">Back to the published analysis</button>`
}
