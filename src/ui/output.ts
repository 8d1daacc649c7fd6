import type { Writable } from 'node:stream'
import { printable } from '../model/foreign-text.ts'
import { type Environment, inAscii, speaksUnicode } from './terminal-style.ts'

/** A stream that may be a terminal. */
export type Stream = Writable & { readonly isTTY?: boolean; readonly columns?: number }

/**
 * Where commands write, and the only way to the terminal or the log. Most of what is written has parts that come from
 * elsewhere: names in a run, messages of programs. So nothing passes that commands a terminal or a CI; only the colours
 * of `styleFor` do.
 */
export interface Output {
  readonly isTTY: boolean
  /** Width of the terminal; undefined elsewhere. */
  readonly columns: number | undefined
  write(text: string): void
  /** Writes what is said even with --quiet: failures and warnings. */
  alert(text: string): void
  /** Writes one JSON document. The characters of texts stay as they are, whatever the locale. */
  writeJson(document: unknown, indent?: number): void
  /** Writes a workflow command of GitHub Actions, such as "::group::block 1", on a line of its own. */
  writeWorkflowCommand(line: string): void
  /** The stream itself, for a live view that moves the cursor. What is drawn on it has to pass `harmless` first. */
  readonly stream: Stream
}

/** `env` decides whether the locale has more than ASCII. `quiet`: only alerts and documents are written. */
export function outputTo(
  stream: Stream,
  { env = { LANG: 'C.UTF-8' }, quiet = false }: { readonly env?: Environment; readonly quiet?: boolean } = {},
): Output {
  const spell = speaksUnicode(env) ? (text: string) => text : inAscii
  const say = (text: string) => void stream.write(harmless(spell(text)))
  return {
    isTTY: stream.isTTY === true,
    get columns() {
      // A terminal without a size says 0.
      return stream.columns || undefined
    },
    write: quiet ? () => undefined : say,
    alert: say,
    writeJson: (document, indent = 2) => void stream.write(`${harmless(JSON.stringify(document, null, indent))}\n`),
    writeWorkflowCommand: (line) => void stream.write(`${printable(line).replaceAll('\n', ' ')}\n`),
    stream,
  }
}

/** What `styleText` writes for the colours of `Style`; any other escape sequence is foreign. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const COLOURS = /(\x1b\[(?:1|2|22|31|32|33|39)m)/

/** Text of several lines, with colours, without anything that commands a terminal or a CI. */
export function harmless(text: string): string {
  const parts = text.split(COLOURS)
  return withoutWorkflowCommands(parts.map((part, index) => (index % 2 === 1 ? part : printable(part))).join(''))
}

/**
 * The runner of GitHub Actions obeys lines that begin with "::" after any blanks, and "##[" anywhere in a line; Azure's
 * obeys "##vso[". One character of it is written as \uXXXX, which is the same within JSON.
 */
function withoutWorkflowCommands(text: string): string {
  return text.replaceAll(/^(\s*):(?=:)/gm, '$1\\u003a').replaceAll(/##(?=\[|vso\[)/g, '#\\u0023')
}
