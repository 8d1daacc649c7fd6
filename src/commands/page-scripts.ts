import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { Plugin } from 'esbuild'
import type { PackedScript, PageScripts } from '../report/scripts.ts'

let made: Promise<PageScripts> | undefined

/** Bundles what the page runs. Once in a process: every page of it has the same scripts. */
export function pageScripts(): Promise<PageScripts> {
  made ??= make()
  return made
}

async function make(): Promise<PageScripts> {
  const [boot, client, engine] = await Promise.all([bundle('boot'), bundle('main'), bundle('engine')])
  return { boot: { text: boot, sha256: sha256(boot) }, client: packed(client), engine: packed(engine) }
}

function packed(text: string): PackedScript {
  return { gzipped: gzipSync(text, { level: 9 }).toString('base64'), sha256: sha256(text) }
}

/** From TypeScript in a checkout, from JavaScript in the package. */
async function bundle(entry: 'boot' | 'main' | 'engine'): Promise<string> {
  const { build } = await import('esbuild')
  const file = new URL(`../report/client/${entry}${import.meta.url.slice(-3)}`, import.meta.url)
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

/** Parts of Vega that no chart here is made of: maps, forces, trees, clouds of words and fits. A fifth of the whole. */
const UNUSED =
  /^(?:vega-(?:geo|projection|force|hierarchy|label|regression|voronoi|wordcloud|crossfilter)|d3-geo|d3-dsv|topojson-client)$/

/** Schemas check what is read from disk. A page reads nothing of it, and what they are made of is larger than the rest. */
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
