/** A text and how it is painted once it is in place: colours have no width. */
export interface Entry {
  readonly text: string
  paint?(text: string): string
}

/** Rows side by side: the first column to the left, figures to the right, two spaces between. */
export function grid(rows: readonly (readonly Entry[])[]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.text.length ?? 0)),
  )
  return rows
    .map((row) =>
      row
        .map((entry, column) => placed(entry, widths[column] ?? 0, column === 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function placed({ text, paint }: Entry, width: number, isFirst: boolean): string {
  const space = ' '.repeat(width - text.length)
  const painted = paint && text !== '' ? paint(text) : text
  return isFirst ? painted + space : space + painted
}
