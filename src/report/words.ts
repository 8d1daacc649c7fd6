import { type Html, html } from './html.ts'

/** A sentence in which arms are marked, so that it can be shown in any medium. */
export type Words = readonly (string | { readonly arm: string })[]

export function plainWords(words: Words): string {
  return words.map((word) => (typeof word === 'string' ? word : word.arm)).join('')
}

export function htmlWords(words: Words): Html {
  return html`${words.map((word) => (typeof word === 'string' ? word : html`<b class="name">${word.arm}</b>`))}`
}

/** "a", "a and b", "a, b and c". */
export function listed(items: readonly Words[]): Words {
  return items.flatMap((item, index): Words => {
    const joint = index === 0 ? '' : index === items.length - 1 ? ' and ' : ', '
    return [joint, ...item]
  })
}

/** Likewise with semicolons, for parts that have commas themselves. */
export function strung(parts: readonly Words[]): Words {
  return parts.filter((part) => part.length > 0).flatMap((part, index) => [index === 0 ? '' : '; ', ...part])
}
