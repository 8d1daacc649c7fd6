/** The widest line that anything here prints. */
export const WIDTH = 100

/** Text broken at spaces; every line but the first is indented. A word that is too long stays whole, so that paths can be copied. */
export function paragraph(text: string, { first = '', indent = '', width = WIDTH } = {}): string {
  const lines: string[] = []
  let line = first
  let isEmpty = true
  for (const word of text.split(/\s+/).filter(Boolean)) {
    if (!isEmpty && line.length + 1 + word.length > width) {
      lines.push(line)
      line = indent
      isEmpty = true
    }
    line += isEmpty ? word : ` ${word}`
    isEmpty = false
  }
  return [...lines, line].join('\n')
}
