import { meshes } from '../../meshes/index.ts'
import type { Reading } from '../../model/result.ts'
import type { Evidence, Usage } from '../../model/usage.ts'
import type { ArmStyle } from '../arm-styles.ts'
import { ROLE_STYLES } from '../charts/roles.ts'
import { type Html, html } from '../html.ts'
import { swatch } from '../legend.ts'
import type { View } from '../view.ts'

/** What was seen of each arm while it was measured: fairness is shown, not promised. */
export function fairness(view: View): Html {
  return html`<section aria-labelledby="fairness"><h2 id="fairness">What was seen of each arm</h2>
<p>Read off the running proxies within the measured windows, not taken from their settings. A claim that does not hold makes its trial invalid.</p>
<div class="cards">${view.arms.map((style) => card(view, style))}</div></section>`
}

function card(view: View, style: ArmStyle): Html {
  const readings = view.analysis.trials.flatMap(({ result: { trial, outcome } }) =>
    trial.arm === style.name && outcome.status === 'measured' ? [outcome.reading] : [],
  )
  const mesh = meshes[style.arm.mesh]
  return html`<article class="card"><h3>${swatch(style)}${style.name}</h3>
<p>${style.title}${mesh && `. ${mesh.summary}`}</p>
<dl>${facts(style).map(([term, text]) => html`<div><dt>${term}</dt><dd>${text}</dd></div>`)}${evidenceRows(readings)}${proxies(readings)}</dl>
${readings.length === 0 && html`<p class="reason">No trial of this arm was measured, so nothing was seen of it.</p>`}</article>`
}

function facts({ arm }: ArmStyle): [string, string][] {
  const mesh = meshes[arm.mesh]
  const values = Object.entries(arm.values ?? {})
  return [
    ...(mesh ? [['reads', LAYER_WORDS[mesh.layer]] as [string, string]] : []),
    ...(arm.version === undefined ? [] : [['version asked for', arm.version] as [string, string]]),
    ...(arm.inject ? [['injected delay', `${arm.inject.delay} s at the server`] as [string, string]] : []),
    ...values.map(([name, value]): [string, string] => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  ]
}

const LAYER_WORDS = { none: 'nothing: no proxy', L4: 'bytes (L4)', L7: 'requests (L7)' } as const

interface Seen {
  readonly name: string
  readonly texts: readonly string[]
  readonly source: string
  readonly held: number
  readonly broken: number
}

function evidenceRows(readings: readonly Reading[]): Html[] {
  return gather(readings.flatMap(({ observation }) => observation.evidence)).map(
    ({ name, texts, source, held, broken }) => {
      const more = texts.length - 1
      const claim =
        broken > 0
          ? html`<span class="status invalid">broken in ${broken} of ${held + broken}</span> `
          : held > 0 && html`<span class="status valid">holds</span> `
      return html`<div><dt>${name}</dt><dd>${claim}${texts[0]}${more > 0 && html` <small>and ${more} other ${more === 1 ? 'reading' : 'readings'}</small>`} <small>${source}</small></dd></div>`
    },
  )
}

/** Evidence of all trials by name; the text of a broken claim comes first. */
function gather(all: readonly Evidence[]): Seen[] {
  const sorted = all.toSorted((a, b) => Number(a.holds ?? true) - Number(b.holds ?? true))
  return [...Map.groupBy(sorted, ({ name }) => name)].map(([name, group]) => ({
    name,
    texts: [...new Set(group.map(({ seen }) => seen))],
    source: [...new Set(group.map(({ source }) => source))].slice(0, 2).join(', '),
    held: group.filter(({ holds }) => holds === true).length,
    broken: group.filter(({ holds }) => holds === false).length,
  }))
}

/** Every process that takes part in the bill, with its threads. */
function proxies(readings: readonly Reading[]): Html[] {
  const used = readings.flatMap(({ observation }) => observation.usage).filter(({ role }) => role !== 'generator')
  return [...Map.groupBy(used, ({ component }) => component)].flatMap(([component, group]) => {
    const [first] = group
    return first
      ? [html`<div><dt>${component}</dt><dd>${ROLE_STYLES[first.role].title}${threadWords(group)}</dd></div>`]
      : []
  })
}

function threadWords(group: readonly Usage[]): string {
  const threads = group.flatMap((usage) => (usage.threads === undefined ? [] : [usage.threads]))
  if (threads.length === 0) return ''
  const [least, most] = [Math.min(...threads), Math.max(...threads)]
  return least === most ? `, ${most === 1 ? '1 thread' : `${most} threads`}` : `, ${least} to ${most} threads`
}
