import { type Html, html, trusted } from './html.ts'

/** Base64 or base 85 of gzip. The hash, in base64 too, is of the plain text, which is what a browser runs. */
export interface PackedScript {
  readonly gzipped: string
  readonly sha256: string
}

/** What makes the page interactive, ready to be put into it. */
export interface PageScripts {
  /** Runs at once, and unpacks the client. */
  readonly boot: { readonly text: string; readonly sha256: string }
  readonly client: PackedScript
  /** What draws: unpacked when a reader comes to a chart. */
  readonly engine: PackedScript
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
  const hashes = [scripts.boot, scripts.client, scripts.engine].map(({ sha256 }) => `'sha256-${sha256}'`)
  const [first, ...rest] = NO_SCRIPTS
  return [first, `script-src ${hashes.join(' ')}`, ...rest].join('; ').replace('img-src data:', 'img-src data: blob:')
}

/**
 * What the controls need: behind the opening, so that it is unpacked while the browser reads the rest of the page. `data`: base64
 * of gzip of JSON, whose letters cannot end an element.
 */
export function scriptsHtml({ boot, client }: PageScripts, data: string): Html {
  if (/<\/script|<!--/i.test(boot.text)) throw new TypeError('the text of a script would end its own element')
  return html`${packed('data', data)}${packed('client', client.gzipped)}<script>${trusted(boot.text)}</script>`
}

/** For the end of the body. */
export function engineHtml({ engine }: PageScripts): Html {
  return packed('engine', engine.gzipped)
}

function packed(id: string, text: string): Html {
  return html`<script type="application/octet-stream" id="${id}">${text}</script>`
}
