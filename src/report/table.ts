import { type Fragment, type Html, html } from './html.ts'

/** A cell of a body row; the first of a row is its header. */
export interface TableCell {
  readonly content: Fragment
  readonly numeric?: boolean
  readonly tone?: string
}

export interface TableData {
  readonly id: string
  readonly caption: Fragment
  readonly head: readonly { readonly content: Fragment; readonly numeric?: boolean }[]
  readonly rows: readonly (readonly (TableCell | Fragment)[])[]
  readonly kind?: 'plain' | 'costs' | 'matrix'
}

/** A table in a container of its own that scrolls by touch and by keyboard where the page is too narrow for it. */
export function table({ id, caption, head, rows, kind = 'plain' }: TableData): Html {
  return html`<div class="scroll" role="region" tabindex="0" aria-labelledby="${id}">
<table class="${kind}"><caption><span id="${id}">${caption}</span></caption>
<thead><tr>${head.map(({ content, numeric }) => html`<th scope="col"${numeric ? html` class="n"` : ''}>${content}</th>`)}</tr></thead>
<tbody>${rows.map(
    (cells) => html`<tr>${cells.map((cell, index) => bodyCell(asCell(cell), index === 0))}</tr>
`,
  )}</tbody></table></div>`
}

function asCell(cell: TableCell | Fragment): TableCell {
  return typeof cell === 'object' && 'content' in cell ? cell : { content: cell }
}

function bodyCell({ content, numeric, tone }: TableCell, first: boolean): Html {
  const classes = [numeric && 'n', tone].filter(Boolean).join(' ')
  const attribute = classes ? html` class="${classes}"` : ''
  return first ? html`<th scope="row"${attribute}>${content}</th>` : html`<td${attribute}>${content}</td>`
}
