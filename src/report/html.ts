import { withoutCommands } from '../model/foreign-text.ts'

const MARKUP = Symbol('markup')

/** Markup that is safe to put on the page as it is. The symbol keeps data from ever passing for it. */
export interface Html {
  readonly [MARKUP]: string
}

export type Fragment = Html | string | number | false | undefined | readonly Fragment[]

/** A template whose every value is escaped, unless it is markup itself. Lists are joined; `false` and `undefined` vanish. */
export function html(parts: TemplateStringsArray, ...values: readonly Fragment[]): Html {
  return trusted(String.raw({ raw: parts }, ...values.map(textOf)))
}

/** Markup that this program made; never anything that came from a run. */
export function trusted(markup: string): Html {
  return { [MARKUP]: markup }
}

export function textOf(fragment: Fragment): string {
  if (fragment === undefined || fragment === false) return ''
  if (typeof fragment === 'number') return String(fragment)
  if (typeof fragment === 'string') return escaped(fragment)
  return MARKUP in fragment ? fragment[MARKUP] : fragment.map(textOf).join('')
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Control characters have no place in HTML, and marks of direction could show another text than the run has; both become the replacement character. */
function escaped(text: string): string {
  return withoutCommands(text, '\u{FFFD}').replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
}
