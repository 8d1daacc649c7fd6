import type { Finding } from '../model/platform.ts'
import type { Style } from './style.ts'

const INDENT = ' '.repeat('warning  '.length)

/** What a check found: a line each, with why it matters and what to do about it. Ends with a line break. */
export function findingsText(findings: readonly Finding[], style: Style): string {
  return findings.map((finding) => `${findingText(finding, style)}\n`).join('')
}

function findingText({ severity, what, why, fix }: Finding, style: Style): string {
  const paint = { ok: style.green, warning: style.yellow, error: style.red }[severity]
  return [
    `${paint(severity)}${INDENT.slice(severity.length)}${style.plain(what)}`,
    ...(why === undefined ? [] : [`${INDENT}${style.dim('why:')} ${style.plain(why)}`]),
    ...(fix === undefined ? [] : [`${INDENT}${style.bold('fix:')} ${style.plain(fix)}`]),
  ].join('\n')
}
