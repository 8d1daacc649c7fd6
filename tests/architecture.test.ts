import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'

/** Who may import whom: a layer may import its own members and those of lower layers, never upward. */
const LAYERS: readonly (readonly string[])[] = [
  ['model'],
  ['stats', 'scenario', 'plan', 'meshes', 'loads'],
  ['analyse', 'gate', 'report', 'run'],
  ['host', 'tools', 'kubernetes', 'site', 'platforms', 'store', 'ui'],
  ['commands', 'cli.ts', 'main.ts'],
]

/** Rooms of one layer that must not know each other, though the layers would allow it. */
const STRANGERS: readonly (readonly [from: string, to: string])[] = [
  ['run', 'analyse'],
  ['run', 'report'],
  ['analyse', 'report'],
  ['report', 'run'],
  ['store', 'platforms'],
  ['platforms', 'store'],
  ['platforms', 'ui'],
  ['ui', 'store'],
  ['tools', 'platforms'],
]

/** Pure rooms take time, chance and files as arguments. Scripts that are run by hand are not part of them. */
const PURE = ['model', 'stats', 'scenario', 'plan', 'meshes', 'loads', 'analyse', 'gate', 'report', 'run']
const SCRIPTS = ['scenario/write-schema.ts']
const IMPURE =
  /from 'node:(fs|child_process|net|http|os|process|timers)|\bDate\.now\(|new Date\(\)|\bMath\.random\(|\bprocess\.(env|cwd|exit|std)/

interface File {
  readonly path: string
  readonly text: string
  readonly imports: readonly string[]
}

const files: File[] = globSync('src/**/*.ts').map((path) => {
  const text = readFileSync(path, 'utf8')
  const relative = [...text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map(([, to]) => to as string)
  return { path: path.slice(4), text, imports: relative.map((to) => normalize(join(dirname(path), to)).slice(4)) }
})

const room = (path: string) => path.split('/')[0] as string
const layer = (path: string) => LAYERS.findIndex((rooms) => rooms.includes(room(path)))

describe('architecture', () => {
  it('has a layer for every file', () => {
    expect(files.length).toBeGreaterThan(30)
    expect(files.filter(({ path }) => layer(path) < 0).map(({ path }) => path)).toEqual([])
  })

  it('imports point to files that exist', () => {
    const known = new Set(globSync('src/**/*.{ts,json}').map((path) => path.slice(4)))
    const broken = files.flatMap(({ path, imports }) =>
      imports.filter((to) => !known.has(to)).map((to) => `${path} → ${to}`),
    )
    expect(broken).toEqual([])
  })

  it('imports only point down', () => {
    const upward = files.flatMap(({ path, imports }) =>
      imports.filter((to) => layer(to) > layer(path)).map((to) => `${path} → ${to}`),
    )
    expect(upward).toEqual([])
  })

  it('keeps strangers apart', () => {
    const met = files.flatMap(({ path, imports }) =>
      imports
        .filter((to) => STRANGERS.some(([from, other]) => room(path) === from && room(to) === other))
        .map((to) => `${path} → ${to}`),
    )
    expect(met).toEqual([])
  })

  it('has no cycle', () => {
    const edges = new Map(files.map(({ path, imports }) => [path, imports]))
    const done = new Set<string>()
    const visit = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path)) throw new Error(`a cycle: ${[...trail.slice(trail.indexOf(path)), path].join(' → ')}`)
      if (done.has(path)) return
      for (const next of edges.get(path) ?? []) visit(next, [...trail, path])
      done.add(path)
    }
    for (const { path } of files) visit(path, [])
  })

  it('keeps pure rooms pure', () => {
    const impure = files
      .filter(({ path }) => PURE.includes(room(path)) && !SCRIPTS.includes(path))
      .filter(({ text }) => IMPURE.test(text))
    expect(impure.map(({ path }) => path)).toEqual([])
  })

  it('names no attic', () => {
    expect(files.filter(({ path }) => /(^|\/)(utils?|helpers?|common|core|misc)(\/|\.ts$)/.test(path))).toEqual([])
  })
})
