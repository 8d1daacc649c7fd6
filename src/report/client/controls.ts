import { LATENCIES, shortTitle, TAIL } from '../../model/quantiles.ts'
import { list } from '../../model/words.ts'
import { CLUSTER_SIZE_INPUTS, changesFigures, clusterSizeOf } from '../data/page-state.ts'
import { type Html, html, textOf } from '../html.ts'
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
  return [
    ...(data.loads.length > 1
      ? [{ name: 'load', label: 'Load', options: data.loads.map(({ name }) => [name, name] as const) }]
      : []),
    {
      name: 'baseline',
      label: 'Baseline',
      options: data.arms.map(({ name }) => [name, name]),
    },
    {
      name: 'clock',
      label: 'Clock',
      options: [
        ['response', 'response time'],
        ['service', 'service time'],
      ],
    },
    { name: 'quantile', label: 'Percentile', options: LATENCIES.map((key) => [key, quantileTitle(key)]) },
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
  return key === TAIL ? 'p99 of a typical second' : shortTitle(key)
}

/** Those that stay in sight; the others are in a menu. */
const IN_SIGHT: readonly string[] = ['load', 'baseline', 'clock']

function form(reading: Reading): Html {
  const choices = choicesOf(reading)
  const [seen, others] = [true, false].map((is) =>
    choices.filter(({ name }) => IN_SIGHT.includes(name) === is).map(choice),
  )
  return html`<form aria-label="What the page shows">${seen}
<details class="menu"><summary>More</summary><div class="controls">${others}
<fieldset><legend>Arms shown</legend>${reading.data.arms.map(({ name }) => html`<label class="tick"><input type="checkbox" name="arm" value="${name}">${name}</label>`)}</fieldset>
<div class="acts"><button type="button" name="reset">As published</button><button type="button" name="link">Copy link</button><label class="choice"><span>Compare with another run’s report</span><input type="file" accept=".html,text/html"></label></div></div></details>
</form>`
}

function choice({ name, label, options }: Choice): Html {
  return html`<label class="choice ${name}"><span>${label}</span><select name="${name}">${options.map(([value, text]) => html`<option value="${value}">${text}</option>`)}</select></label>`
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
function showState({ state, view, asked }: Reading, element: HTMLFormElement): void {
  const values = { load: view.load.name, baseline: view.baseline.name, clock: state.clock ?? 'response', ...state }
  for (const name of ['load', 'baseline', 'clock', 'quantile', 'scale'] as const) {
    const select = element.elements.namedItem(name)
    if (select instanceof HTMLSelectElement) select.value = values[name]
  }
  for (const box of boxes(element)) box.checked = !state.hidden.includes(box.value)
  const reset = element.querySelector<HTMLButtonElement>('[name=reset]')
  if (reset) reset.disabled = asked === ''
}

function boxes(element: HTMLFormElement): HTMLInputElement[] {
  return [...element.querySelectorAll<HTMLInputElement>('[name=arm]')]
}

/** The inputs of the cost model, in place of the list that a page without scripts has. */
export function offerClusterSize(reading: Reading): void {
  const place = document.getElementById('cluster-size-inputs')
  if (!place) return
  place.innerHTML = textOf(
    html`<form class="controls inputs-form" aria-label="Inputs of the cost model">${CLUSTER_SIZE_INPUTS.map(
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

/** Adds a checkbox that leaves out a trial to each valid trial, when the list is opened, since it can be long. */
export function offerTrials(reading: Reading): (part: ParentNode) => void {
  const boxes = new Map<string, HTMLInputElement>()
  const agree = () => {
    for (const [id, box] of boxes) box.checked = reading.state.excluded.includes(id)
  }
  reading.listen(agree)
  return (part) => {
    const list = part.querySelector<HTMLDetailsElement>('.every-trial')
    const offer = () => {
      for (const [id, box] of boxesIn(list, reading)) boxes.set(id, box)
      agree()
    }
    list?.addEventListener('toggle', () => setTimeout(offer), { once: true })
    if (list?.open) setTimeout(offer)
  }
}

function boxesIn(list: HTMLElement | null, reading: Reading): [string, HTMLInputElement][] {
  const { data, view } = reading
  const rows = list?.querySelectorAll('tbody > tr') ?? []
  const own = data.trials.filter(({ load }) => load === view.load.name)
  return own
    .toSorted((a, b) => a.order - b.order)
    .flatMap(({ id, status }, place): [string, HTMLInputElement][] => {
      const last = status === 'valid' ? rows[place]?.lastElementChild : undefined
      last?.insertAdjacentHTML(
        'beforeend',
        textOf(html` <label class="tick"><input type="checkbox" aria-label="Leave out trial ${id}">leave out</label>`),
      )
      const box = last?.querySelector<HTMLInputElement>('input')
      box?.addEventListener('change', () => {
        const others = reading.state.excluded.filter((one) => one !== id)
        reading.change({ excluded: box.checked ? [...others, id] : others })
      })
      return box ? [[id, box]] : []
    })
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
  const left =
    'Headline, cards, costs and differences follow. Other text, problems, merged distributions and costs by component are as published.'
  return html`<p><b>Changed from the published analysis: ${changes.join(', ')}.</b> ${left}</p><button type="button">Back to the published analysis</button>`
}
