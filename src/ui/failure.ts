import type { FailureData } from '../model/failure.ts'
import type { Style } from './style.ts'

/** What happened, why, and what to do about it. Lines are left whole, so that a command can be copied. */
export function failureText(
  { message, cause, fix }: FailureData,
  style: Style,
  kind: 'error' | 'warning' = 'error',
): string {
  const colour = kind === 'error' ? style.red : style.yellow
  return [
    `${style.bold(colour(`${kind}:`))} ${style.plain(message)}`,
    ...(cause === undefined ? [] : [labelled(style.dim('why:'), style.plain(cause))]),
    ...(fix === undefined ? [] : [labelled(style.bold('fix:'), style.plain(fix))]),
  ].join('\n')
}

/** A text of several lines stands below its label, so that their beginnings line up. */
function labelled(label: string, text: string): string {
  return text.includes('\n') ? `  ${label}\n${text.replaceAll(/^/gm, '    ')}` : `  ${label} ${text}`
}
