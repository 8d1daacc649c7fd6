import { printable, withoutCommands } from '../../model/foreign-text.ts'

/** A row of a table. */
export function row(cells: readonly string[]): string {
  return `| ${cells.map(text).join(' | ')} |`
}

/** Words that come from elsewhere stay words: no table, tag, link, heading, mention or address is made of them. */
export function text(words: string): string {
  return withoutCommands(words.replaceAll(/[\r\n]+/g, ' '), '\u{FFFD}')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*_[\]|#~]/g, '\\$&')
    .replaceAll('@', '@\u200b')
    .replaceAll('://', ':\u200b//')
    .replaceAll(/www\./gi, 'www\u200b.')
}

/** What stands between two backticks. */
export function code(words: string): string {
  return withoutCommands(words.replaceAll(/[`\r\n]+/g, ' '), '\u{FFFD}')
}

/** Commands in a block of their own, whose fence is longer than any within it. */
export function fenced(commands: readonly string[]): string[] {
  const ticks = commands.flatMap((command) => command.match(/`+/g) ?? [])
  const fence = '`'.repeat(Math.max(3, ...ticks.map(({ length }) => length + 1)))
  return [`${fence}sh`, ...commands.map(printable), fence]
}
