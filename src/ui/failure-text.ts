import type { FailureData } from '../model/failure.ts'
import type { Finding } from '../model/platform.ts'
import type { Style } from './terminal-style.ts'

/** A failure with cause and remedy. Lines are not wrapped, so that commands can be copied. */
export function failureText(
  { message, cause, remedy }: FailureData,
  style: Style,
  kind: 'error' | 'warning' = 'error',
): string {
  const colour = kind === 'error' ? style.red : style.yellow
  return [
    `${style.bold(colour(`${kind}:`))} ${style.plain(message)}`,
    ...(cause === undefined ? [] : [labelled(style.dim('why:'), style.plain(cause))]),
    ...(remedy === undefined ? [] : [labelled(style.bold('fix:'), style.plain(remedy))]),
  ].join('\n')
}

/** Puts a text of several lines below its label, so that the lines align. */
function labelled(label: string, text: string): string {
  return text.includes('\n') ? `  ${label}\n${text.replaceAll(/^/gm, '    ')}` : `  ${label} ${text}`
}

const INDENT = ' '.repeat('warning  '.length)

/** The findings of a check, each with its reason and remedy. Ends with a line break. */
export function findingsText(findings: readonly Finding[], style: Style): string {
  return findings.map((finding) => `${findingText(finding, style)}\n`).join('')
}

function findingText({ severity, message, cause, remedy }: Finding, style: Style): string {
  const paint = { ok: style.green, warning: style.yellow, error: style.red }[severity]
  return [
    `${paint(severity)}${INDENT.slice(severity.length)}${style.plain(message)}`,
    ...(cause === undefined ? [] : [`${INDENT}${style.dim('why:')} ${style.plain(cause)}`]),
    ...(remedy === undefined ? [] : [`${INDENT}${style.bold('fix:')} ${style.plain(remedy)}`]),
  ].join('\n')
}
