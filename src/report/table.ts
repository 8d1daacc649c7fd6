import { type Fragment, type Html, html } from './html.ts'

/** A cell of a body row; the first of a row is its header. */
export interface TableCell {
  readonly content: Fragment
  readonly tone?: string
  /** Of its column, for windows so narrow that cells stand below each other. */
  readonly label?: string
}

interface TableData {
  readonly id: string
  readonly caption: Fragment
  /** `numeric`: the column is set to the right. */
  readonly head: readonly { readonly content: Fragment; readonly numeric?: boolean }[]
  readonly rows: readonly (readonly (TableCell | Fragment)[])[]
  /** Of the rows, so that they have an address. */
  readonly ids?: readonly string[]
  readonly kind?: 'plain' | 'costs' | 'matrix'
}

/**
 * A table in a container of its own that scrolls by touch and by keyboard where the page is too narrow for it. Rows and cells
 * are written without the closing tags that HTML allows to leave out: a report has thousands.
 */
export function table({ id, caption, head, rows, ids, kind = 'plain' }: TableData): Html {
  return html`<div class="scroll" role="region" tabindex="0" aria-labelledby="${id}">
<table class="${kind}${numericColumns(head)}"><caption><span id="${id}">${caption}</span></caption>
<thead><tr>${head.map(({ content }) => html`<th scope=col>${content}`)}</tr></thead>
<tbody>${rows.map(
    (
      cells,
      row,
    ) => html`<tr${ids && html` id="${ids[row] ?? ''}"`}>${cells.map((cell, index) => bodyCell(asCell(cell), index === 0))}
`,
  )}</tbody></table></div>`
}

/** Columns of numbers are set to the right: a class for the table takes less than one for each of its cells. */
function numericColumns(head: TableData['head']): string {
  return head.map(({ numeric }, index) => (numeric ? ` n${index + 1}` : '')).join('')
}

/** As many as any table has. */
const COLUMNS = 12

/** The rules that go with it. */
export const NUMERIC_COLUMNS = Array.from(
  { length: COLUMNS },
  (_, index) => `.n${index + 1} tr>:nth-child(${index + 1})`,
).join(',')

function asCell(cell: TableCell | Fragment): TableCell {
  return typeof cell === 'object' && 'content' in cell ? cell : { content: cell }
}

function bodyCell({ content, tone, label }: TableCell, first: boolean): Html {
  const attribute = html`${tone && html` class="${tone}"`}${label && html` data-label="${label}"`}`
  return first ? html`<th scope=row${attribute}>${content}` : html`<td${attribute}>${content}`
}
