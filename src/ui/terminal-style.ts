import { WriteStream } from 'node:tty'
import { styleText } from 'node:util'
import { printable } from '../model/foreign-text.ts'

/** What can be shown where a text goes to. */
export interface Style {
  /** Columns of the terminal; absent where there is none. */
  readonly width?: number
  bold(text: string): string
  dim(text: string): string
  red(text: string): string
  yellow(text: string): string
  green(text: string): string
  /** The text in characters that can be shown: before it is measured and coloured. */
  plain(text: string): string
}

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Colours on terminals that have them, as Node itself decides: NO_COLOR, FORCE_COLOR, TERM=dumb and the rest.
 * Characters beyond ASCII only where the locale says UTF-8.
 */
export function styleFor(
  stream: { readonly isTTY?: boolean; readonly columns?: number | undefined },
  env: Environment,
): Style {
  const terminal = stream.isTTY === true || env['FORCE_COLOR'] !== undefined
  const coloured = terminal && WriteStream.prototype.getColorDepth(env) > 2
  const paint = (format: 'bold' | 'dim' | 'red' | 'yellow' | 'green') => (text: string) =>
    coloured ? styleText(format, text, { validateStream: false }) : text
  return {
    ...(stream.columns !== undefined && { width: stream.columns }),
    bold: paint('bold'),
    dim: paint('dim'),
    red: paint('red'),
    yellow: paint('yellow'),
    green: paint('green'),
    plain: speaksUnicode(env) ? printable : (text) => ascii(printable(text)),
  }
}

/** The first of these that is set decides, as in POSIX. */
export function speaksUnicode(env: Environment): boolean {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG']
  return /utf-?8/i.test(locale ?? '')
}

const ASCII: Readonly<Record<string, string>> = {
  µ: 'u',
  '−': '-',
  '–': '-',
  '×': 'x',
  '…': '...',
  '·': '-',
  '“': '"',
  '”': '"',
  '’': "'",
  '≥': '>=',
  '≤': '<=',
  '±': '+-',
  '≈': '~',
  '→': '->',
  '█': '#',
  '░': '.',
  '\u00a0': ' ',
  '\u202f': ' ',
}

const SIGNS = new RegExp(`[${Object.keys(ASCII).join('')}]`, 'gu')

/** The signs that meshbench itself uses, in ASCII. Other characters, such as those of a path, stay. */
export function inAscii(text: string): string {
  return text.replaceAll(SIGNS, (sign) => ASCII[sign] ?? sign)
}

function ascii(text: string): string {
  return inAscii(text).replaceAll(/[^\t\n\x20-\x7e]/gu, '?')
}
