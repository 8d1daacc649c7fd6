/** Lines joined up to a number of bytes (UTF-8); what is cut is said, and what was open is closed. */
export function cutLines(lines: readonly string[], limit: number): string {
  const whole = lines.join('\n')
  if (size(whole) <= limit) return whole
  const ending = (cut: number, isOpen: boolean) =>
    `${isOpen ? '\n</details>\n' : ''}\n${cut} more lines are left out here: the limit is ${limit} bytes. The report and \`--json\` have all of it.\n`
  // Open or not: the longer of the two has to fit.
  const room = limit - size(ending(lines.length, true))
  const kept: string[] = []
  let used = 0
  for (const line of lines) {
    used += size(line) + 1
    if (used > room) break
    kept.push(line)
  }
  const opened = kept.filter((line) => line === '<details>').length
  const closed = kept.filter((line) => line === '</details>').length
  return `${kept.join('\n')}\n${ending(lines.length - kept.length, opened > closed)}`
}

function size(text: string): number {
  return new TextEncoder().encode(text).length
}
