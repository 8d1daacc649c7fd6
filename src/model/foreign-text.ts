/**
 * Characters that command instead of being read: control characters except tab and line break, marks that change the
 * direction of text or break lines, and non-characters. A terminal obeys the first (ESC, C1), and a reader sees a text
 * with the second in another order than a program (CVE-2021-42574).
 */
const COMMANDING = /(?![\t\n])[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff]/gu

/** Replaces each character that commands. */
export function withoutCommands(text: string, replacement: string | ((character: string) => string)): string {
  return text.replaceAll(COMMANDING, replacement as string)
}

/**
 * Text that comes from elsewhere (a run, a cluster, a program), for a terminal or a log: each character that commands is
 * written as \uXXXX. Within JSON this is the same character, so a document stays what it was.
 */
export function printable(text: string): string {
  return withoutCommands(text, escaped)
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/**
 * The output of a program without what it writes for a terminal only: colours, cursor movement, returns at the end of a
 * line. Binary data becomes a dot.
 */
export function withoutTerminalCodes(output: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
  return output.replace(/\x1b\[[0-?]*[ -/]*[@-~]|\r+(?=\n|$)/g, '').replace(/[\0-\x08\x0b-\x1f\x7f-\x9f\ufffd]+/g, '·')
}
