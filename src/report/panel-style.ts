/** Shows the panel of the load whose radio button is on; where a browser knows no `:has`, and on paper, all are shown. */
export function panelStyle(loads: number): string {
  if (loads < 2) return ''
  const rules = Array.from(
    { length: loads },
    (_, index) => `.panels:has(#load-${index}:checked)>.panel:not(.panel-${index})`,
  )
  return `@media screen{${rules.join(',')}{display:none}}`
}
