import { type Html, html, trusted } from './html.ts'

/** What makes the page interactive, ready to be put into it. Hashes are base64. */
export interface PageScripts {
  /** Runs at once. */
  readonly client: { readonly text: string; readonly sha256: string }
  /** What draws: base64 of gzip, since most of it waits until a reader comes to a chart. The hash is of the plain text. */
  readonly engine: { readonly gzipped: string; readonly sha256: string }
}

const NO_SCRIPTS = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
]

/** Nothing is fetched from anywhere, and of scripts only these run. Charts are saved by way of `blob:` images. */
export function policyOf(scripts: PageScripts | undefined): string {
  if (!scripts) return NO_SCRIPTS.join('; ')
  const hashes = [scripts.client, scripts.engine].map(({ sha256 }) => `'sha256-${sha256}'`)
  const [first, ...rest] = NO_SCRIPTS
  return [first, `script-src ${hashes.join(' ')}`, ...rest].join('; ').replace('img-src data:', 'img-src data: blob:')
}

/** For the end of the body. `data`: base64 of gzip of JSON, whose letters cannot end an element. */
export function scriptsHtml({ client, engine }: PageScripts, data: string): Html {
  if (/<\/script|<!--/i.test(client.text)) throw new TypeError('the text of a script would end its own element')
  return html`<script type="application/octet-stream" id="data">${data}</script>
<script type="application/octet-stream" id="engine">${engine.gzipped}</script>
<script>${trusted(client.text)}</script>`
}
