import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { Plugin } from 'esbuild'
import { toBase85 } from '../report/base85.ts'
import type { PackedScript, PageScripts } from '../report/scripts.ts'

/** Made when the package is built, by running this file; a checkout has none, and bundles. */
const BUILT = new URL('../page-scripts.json', import.meta.url)

let made: Promise<PageScripts> | undefined

/** The page's scripts, once per process, since every page has the same. */
export function pageScripts(): Promise<PageScripts> {
  made ??= existsSync(BUILT) ? Promise.resolve(JSON.parse(readFileSync(BUILT, 'utf8'))) : bundleAll()
  return made
}

async function bundleAll(): Promise<PageScripts> {
  const [boot, client, engine] = await Promise.all([bundle('boot'), bundle('main'), bundle('engine')])
  return { boot: { text: boot, sha256: sha256(boot) }, client: packed(client), engine: denser(engine) }
}

function packed(text: string): PackedScript {
  return { gzipped: gzipSync(text, { level: 9 }).toString('base64'), sha256: sha256(text) }
}

/** In base 85: a sixteenth smaller, and a little slower to read, for what is not needed before a reader comes to a chart. */
function denser(text: string): PackedScript {
  return { gzipped: toBase85(gzipSync(text, { level: 9 })), sha256: sha256(text) }
}

async function bundle(entry: 'boot' | 'main' | 'engine'): Promise<string> {
  const { build } = await import('esbuild')
  const file = new URL(`../report/client/${entry}.ts`, import.meta.url)
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(file)],
    bundle: true,
    write: false,
    minify: true,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'silent',
    tsconfigRaw: '{}',
    plugins: [absent],
  })
  return outputFiles[0]?.text.trim() ?? ''
}

/** Parts of Vega that no chart uses: maps, forces, trees, word clouds and fits. They are a fifth of it. */
const UNUSED =
  /^(?:vega-(?:geo|projection|force|hierarchy|label|regression|voronoi|wordcloud|crossfilter)|d3-geo|d3-dsv|topojson-client)$/

/** Replaces schemas, which check files on disk and are not needed in a page: zod would be larger than the rest. */
const SCHEMAS = /^zod$/
const NO_SCHEMAS = 'const any = new Proxy(() => any, { get: () => any }); export const z = any'

const absent: Plugin = {
  name: 'absent',
  setup({ onResolve, onLoad }) {
    for (const [filter, contents] of [
      [UNUSED, 'module.exports = {}'],
      [SCHEMAS, NO_SCHEMAS],
    ] as const) {
      onResolve({ filter }, ({ path }) => ({ path, namespace: 'absent' }))
      onLoad({ filter, namespace: 'absent' }, () => ({ contents, loader: 'js' }))
    }
  },
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64')
}

if (import.meta.main) process.stdout.write(JSON.stringify(await bundleAll()))
