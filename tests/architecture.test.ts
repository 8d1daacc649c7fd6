import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'
import { meshes } from '../src/meshes/index.ts'
import { PLATFORMS, TOOLS } from '../src/model/traits.ts'

/** Files in `src/` that stand above all rooms. */
const ENTRIES = ['cli.ts', 'main.ts']

/** Rooms that take time, chance and files as arguments: all above `host` in the table. Scripts that are run by hand are not part of them. */
const SCRIPTS = ['scenario/write-schema.ts']
const IMPURE =
  /from 'node:(fs|child_process|net|http|os|process|timers)|\bDate\.now\(|new Date\(\)|\bMath\.random\(|\bprocess\.(env|cwd|exit|std)/

/** Folders where each file is a noun, a command, or an entry of the registry there (`index.ts`). */
const ONE_EACH = ['model', 'commands']
const MOST_FILES = 12
/** A file that has only one importer and fewer lines is read with its importer, and belongs there. */
const LEAST_LINES = 60

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

/** The table of ARCHITECTURE.md: who may import whom, in its order. */
const rooms = new Map(
  [...readFileSync('ARCHITECTURE.md', 'utf8').matchAll(/^\| `src\/(\w+)\/` \| .* \| ([\w, ]+) \|$/gm)].map(
    ([, room, allowed]) => [room as string, (allowed as string).split(', ')] as const,
  ),
)
const order = [...rooms.keys()]
const pure = order.slice(0, order.indexOf('host'))

const room = (path: string) => path.split('/')[0] as string
const mayImport = (from: string, to: string) =>
  from === to || rooms.get(from)?.includes(to) || rooms.get(from)?.includes('all')

const importersOf = Map.groupBy(
  files.flatMap(({ path, imports }) => imports.map((to) => ({ path, to }))),
  ({ to }) => to,
)
/** A registry, or a file that is one of its lines. */
const isRegistered = (path: string) =>
  basename(path) === 'index.ts' ||
  (importersOf.get(path) ?? []).some(({ path: from }) => ['index.ts', 'cli.ts'].includes(basename(from)))

describe('architecture', () => {
  it('has a row of the table for every room, and a room for every row', () => {
    const found = new Set(files.map(({ path }) => room(path)).filter((name) => !ENTRIES.includes(name)))
    expect([...found].sort()).toEqual(order.toSorted())
  })

  it('imports point to files that exist', () => {
    const known = new Set(globSync('src/**/*.{ts,json}').map((path) => path.slice(4)))
    const broken = files.flatMap(({ path, imports }) =>
      imports.filter((to) => !known.has(to)).map((to) => `${path} → ${to}`),
    )
    expect(broken).toEqual([])
  })

  it('imports only what the table allows', () => {
    const refused = files
      .filter(({ path }) => !ENTRIES.includes(path))
      .flatMap(({ path, imports }) =>
        imports.filter((to) => !mayImport(room(path), room(to))).map((to) => `${path} → ${to}`),
      )
    expect(refused).toEqual([])
  })

  it('allows only what stands above in the table', () => {
    const upward = order.flatMap((name, row) =>
      (rooms.get(name) ?? []).filter((to) => order.indexOf(to) > row).map((to) => `${name} → ${to}`),
    )
    expect(upward).toEqual([])
  })

  it('has no cycle', () => {
    const imports = new Map(files.map((file) => [file.path, file.imports]))
    const done = new Set<string>()
    const visit = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path)) throw new Error(`a cycle: ${[...trail.slice(trail.indexOf(path)), path].join(' → ')}`)
      if (done.has(path)) return
      for (const next of imports.get(path) ?? []) visit(next, [...trail, path])
      done.add(path)
    }
    for (const { path } of files) visit(path, [])
  })

  it('keeps pure rooms pure', () => {
    const impure = files
      .filter(({ path }) => pure.includes(room(path)) && !SCRIPTS.includes(path))
      .filter(({ text }) => IMPURE.test(text))
    expect(impure.map(({ path }) => path)).toEqual([])
  })

  it('has no file that is read with its only importer', () => {
    const alone = files
      .filter(({ path, text }) => importersOf.get(path)?.length === 1 && text.split('\n').length - 1 < LEAST_LINES)
      .filter(({ path }) => !isRegistered(path) && !ENTRIES.includes(path))
    expect(alone.map(({ path }) => path)).toEqual([])
  })

  it('has folders that can be looked over', () => {
    const folders = Map.groupBy(files, ({ path }) => dirname(path))
    const large = [...folders].filter(
      ([folder, those]) =>
        those.length > MOST_FILES &&
        !ONE_EACH.includes(folder) &&
        !those.some(({ path }) => basename(path) === 'index.ts'),
    )
    expect(large.map(([folder, those]) => `${folder}: ${those.length}`)).toEqual([])
  })

  it('has one file of each name, but for registries, commands and entries', () => {
    const named = Map.groupBy(
      files.filter(({ path }) => room(path) !== 'commands' && !ENTRIES.includes(path)),
      ({ path }) => basename(path),
    )
    const twice = [...named].filter(([name, those]) => name !== 'index.ts' && those.length > 1)
    expect(twice.map(([, those]) => those.map(({ path }) => path).join(', '))).toEqual([])
  })

  /** Names of meshes and of their publishers, of load tools and of platforms in a text, as literals, as keys, or in part. */
  const meshNames = Object.values(meshes).flatMap(({ name, kubernetes }) => [name, kubernetes?.vendor?.name ?? name])
  const plain = (name: string) => name !== 'none'
  const literal = (names: readonly string[]) => {
    const any = [...new Set(names)].filter(plain).join('|')
    return new RegExp(String.raw`'(?:${any})'|(?<=^\s*(?:readonly )?|[{,] )(?:${any}): `, 'gm')
  }
  // `kind` and `cluster` are words of Kubernetes too: only where a platform is asked for.
  const asked = new RegExp(
    String.raw`(?:[!=]== |(?:includes|has)\(|case |\?\? |platform: )'(?:${PLATFORMS.join('|')})'`,
    'g',
  )
  const inPart = /\b(?:startsWith|endsWith|includes)\('([\w-]{4,})'\)|(?<![\w)])\/\^?([\w-]{4,})\$?\/[a-z]*\.test\(/g
  const partsOf = (text: string, names: readonly string[]) =>
    [...text.matchAll(inPart)].filter(([, part, pattern]) =>
      names.some((name) => plain(name) && name.includes(part ?? pattern ?? ' ')),
    )
  const code = (text: string) =>
    text
      .replace(/\/\*\*?[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
      .replace(/\b(?:from|import\() *'[^']*'/g, '')
      // A part of a type: Readiness['kind'].
      .replace(/\['\w+'\]/g, '')

  /** Where a name may stand: where it is declared, and in the folder that is its own. */
  const DECLARED: readonly {
    readonly what: string
    readonly in: RegExp
    readonly named: (text: string) => readonly unknown[]
  }[] = [
    {
      what: 'a mesh',
      // A probe says how each mesh brings a feature about.
      in: /^meshes\/|^features\/probes\//,
      named: (text) => [...text.matchAll(literal(meshNames)), ...partsOf(text, meshNames)],
    },
    {
      what: 'a load tool',
      in: /^loads\/|^model\/traits\.ts$/,
      named: (text) => [...text.matchAll(literal(TOOLS)), ...partsOf(text, TOOLS)],
    },
    {
      what: 'a platform',
      in: new RegExp(`^platforms/(?:${PLATFORMS.join('|')})/|^model/traits\\.ts$`),
      named: (text) => [...text.matchAll(asked)],
    },
  ]

  it.each([
    ['a mesh', "if (arm.mesh === 'linkerd')"],
    ['a mesh', "readonly credentials?: 'linkerd'"],
    ['a mesh', "name.endsWith('waypoint')"],
    ['a mesh', "const RANKS = {\n  'istio-ambient': 1,\n}"],
    ['a mesh', 'const OFFICIAL = {\n  linkerd: {\n    added: 1,\n'],
    ['a mesh', '/ambient/.test(mesh)'],
    ['a load tool', "wanted.has('k6')"],
    ['a load tool', "images: { name: 'fortio' }"],
    ['a load tool', 'readonly k6: string'],
    ['a load tool', 'section({ busybox: image, fortio: image })'],
    ['a platform', "fitting.includes('kind')"],
    ['a platform', "platform ?? 'local'"],
    ['a platform', "{ ...scenario, platform: 'simulated' }"],
  ])('sees the name of %s in %j', (what, text) => {
    expect(DECLARED.find((one) => one.what === what)?.named(code(text))).toHaveLength(1)
  })

  it.each(DECLARED)('names $what only where it is declared', ({ named, in: declared }) => {
    const elsewhere = files.filter(({ path, text }) => !declared.test(path) && named(code(text)).length > 0)
    expect(elsewhere.map(({ path }) => path)).toEqual([])
  })

  /** Two of them side by side: an array, a union, arguments. */
  const listed = [PLATFORMS, TOOLS].map((all) => {
    const name = `'(?:${all.join('|')})'`
    return new RegExp(`${name}\\s*[,|]\\s*${name}`)
  })
  const lists = (text: string) => listed.some((pattern) => pattern.test(text))

  it.each(["['kind', 'local']", "type Tool = 'fortio' | 'k6'", "new Set([\n  'simulated',\n  'local',\n])"])(
    'sees a list of platforms or load tools in %j',
    (text) => expect(lists(text)).toBe(true),
  )

  it('lists the names of platforms and load tools only where these are declared', () => {
    expect(files.filter(({ text }) => lists(text)).map(({ path }) => path)).toEqual([])
  })

  it('spells the level of intervals in one place', () => {
    const proofs = globSync('bench/**/*.ts').map((path) => ({ path, text: readFileSync(path, 'utf8') }))
    const typed = [...files, ...proofs].filter(({ text }) => /\b(95|99\.5) ?%/.test(code(text)))
    expect(typed.map(({ path }) => path)).toEqual([])
  })

  it('prints in one place, where nothing foreign can command a terminal or a CI', () => {
    const isProcess = (path: string) =>
      ['main.ts', 'commands/page-scripts.ts', 'host/interruption.ts'].includes(path) ||
      path.startsWith('report/client/')
    const printing = files.filter(
      ({ path, text }) => !isProcess(path) && /\bprocess\.std(out|err)\b|\bconsole\.\w+\(/.test(text),
    )
    expect(printing.map(({ path }) => path)).toEqual([])
    const raw = files.filter(({ text }) => /\boutput\.stream\b/.test(text))
    expect(raw.map(({ path }) => path)).toEqual(['ui/progress.ts'])
  })

  it('names no attic', () => {
    expect(files.filter(({ path }) => /(^|\/)(utils?|helpers?|common|core|misc)(\/|\.ts$)/.test(path))).toEqual([])
  })
})
