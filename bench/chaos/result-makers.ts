/** Changes of a run that was measured: what somebody may hand us who is careless, unlucky or dishonest. */
import { execFileSync } from 'node:child_process'
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import type { Plan } from '../../src/model/plan.ts'
import type { Random } from '../../src/stats/random.ts'
import { planDigest } from '../../src/store/read-run.ts'
import { textDigest } from '../../src/store/run-writer.ts'
import { pick } from './campaign.ts'

/** What a change does, for whoever repeats it, and whether figures may not count any more. */
interface Changed {
  readonly about: string
  /** A trial says something else than what was measured. */
  readonly figures?: boolean
  /** A change of the kind that is known by the file alone, whatever its digest. */
  readonly shows?: boolean
}

export interface ResultMaker {
  readonly name: string
  change(dir: string, chance: Random): Changed
}

const JSON_FILES = ['run.json', 'trials', 'trials', 'trials', 'arms', 'extension.json'] as const

/** A file of the run, of a kind that it has. */
function fileOf(dir: string, chance: Random, kinds: readonly string[] = JSON_FILES): string {
  const there = kinds.filter((kind) => lstatSync(join(dir, kind), { throwIfNoEntry: false }))
  const kind = pick(chance, there)
  if (!lstatSync(join(dir, kind)).isDirectory()) return kind
  const names = readdirSync(join(dir, kind))
  return names.length === 0 ? 'run.json' : join(kind, pick(chance, names))
}

const readJson = (dir: string, file: string) => JSON.parse(readFileSync(join(dir, file), 'utf8'))
const isTrial = (file: string) => file.startsWith('trials')

type Path = readonly (string | number)[]

function pathsIn(value: unknown, above: Path = []): Path[] {
  if (value === null || typeof value !== 'object') return [above]
  const inner = Object.entries(value)
    // Every tenth of a long list is as good as all.
    .filter((_, index, all) => all.length < 100 || index % 10 === 0)
    .flatMap(([key, item]) => pathsIn(item, [...above, Array.isArray(value) ? Number(key) : key]))
  return above.length === 0 ? inner : [above, ...inner]
}

/** Chooses among keys before places in lists: most places are numbers of a time line. */
function somePath(chance: Random, paths: readonly Path[]): Path {
  const shapes = Map.groupBy(paths, (path) => path.map((part) => (typeof part === 'number' ? '#' : part)).join('.'))
  return pick(chance, shapes.get(pick(chance, [...shapes.keys()])) ?? [])
}

// biome-ignore lint/suspicious/noExplicitAny: a value of any shape is changed in any place
function setAt(value: any, path: Path, written: unknown): void {
  const holder = path.slice(0, -1).reduce((inner, part) => inner[part], value)
  const last = path.at(-1) as string
  if (written === undefined) delete holder[last]
  else Object.defineProperty(holder, last, { value: written, enumerable: true, configurable: true, writable: true })
}

const valueAt = (value: unknown, path: Path) =>
  path.reduce<unknown>((inner, part) => (inner as Record<string, unknown>)[part], value)

const RAW = 'chaos-raw-'
/** As JSON writes them; what is larger than any number too. */
const VALUES = [
  'null',
  '[]',
  '{}',
  '[null]',
  '{"a":1}',
  '"text"',
  '""',
  '-1',
  '0',
  '1e308',
  '1e999',
  '-1e999',
  '1e-320',
  '0.5',
  'true',
  '"__proto__"',
  '"constructor"',
  '"\\u001b[2J\\n::error::x"',
  '"\\u202e"',
  '"../../../ESCFILE"',
  `"${'x'.repeat(100_000)}"`,
  `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
  '9007199254740993',
  '"NaN"',
  '"2026-13-45T99:99:99Z"',
  '"1e999"',
  '[[1,2],[3]]',
  '{"__proto__":{"polluted":true}}',
  '{"toString":1,"constructor":1,"length":-1}',
  `[${'1,'.repeat(50_000)}1]`,
]

function writeJson(dir: string, file: string, value: unknown, raw = 'null'): void {
  writeFileSync(
    join(dir, file),
    JSON.stringify(value).replaceAll(`"${RAW}"`, () => raw),
  )
}

function wrongValue(dir: string, chance: Random): Changed {
  const file = fileOf(dir, chance)
  const value = readJson(dir, file)
  const path = somePath(chance, pathsIn(value))
  const raw = pick(chance, VALUES)
  setAt(value, path, RAW)
  writeJson(dir, file, value, raw)
  return { about: `${file}: ${path.join('.')} is ${raw.slice(0, 40)}`, figures: isTrial(file) }
}

function withoutKey(dir: string, chance: Random): Changed {
  const file = fileOf(dir, chance)
  const value = readJson(dir, file)
  const path = somePath(chance, pathsIn(value))
  setAt(value, path, undefined)
  writeJson(dir, file, value)
  return { about: `${file}: without ${path.join('.')}`, figures: isTrial(file) }
}

const FACTORS = [0.2, 0.8, 0.95, 1.5, 1000, -1]

/** A number of what was measured, multiplied: what reads well is the most dangerous. */
function otherFigure(dir: string, chance: Random): Changed {
  const file = fileOf(dir, chance, ['trials'])
  const value = readJson(dir, file)
  const numbers = pathsIn(value).filter(
    (path) => path[0] === 'outcome' && Number(valueAt(value, path)) !== 0 && typeof valueAt(value, path) === 'number',
  )
  if (numbers.length === 0) return withoutKey(dir, chance)
  const path = somePath(chance, numbers)
  const factor = pick(chance, FACTORS)
  setAt(value, path, (valueAt(value, path) as number) * factor)
  writeJson(dir, file, value)
  return {
    about: `${file}: ${path.join('.')} × ${factor}`,
    figures: true,
    shows: path.includes('summary') && !path.includes('bounds') && !path.includes('asSent'),
  }
}

const HISTOGRAMS: Readonly<Record<string, (text: string, chance: Random) => string>> = {
  garbled: (text, chance) => {
    const at = 8 + chance.integer(text.length - 8)
    return `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`
  },
  cut: (text, chance) => text.slice(0, chance.integer(text.length)),
  'no base64': () => '!!',
  empty: () => '',
  'of zeros': () => 'A'.repeat(10_000),
  doubled: (text) => text + text,
  'very long': (text) => text.repeat(200),
}

function histogram(dir: string, chance: Random): Changed {
  const file = fileOf(dir, chance, ['trials'])
  const value = readJson(dir, file)
  const latency = value.outcome?.reading?.latency
  if (!latency) return withoutKey(dir, chance)
  const clock = pick(
    chance,
    ['service', 'response'].filter((name) => typeof latency[name] === 'string'),
  )
  const how = pick(chance, Object.keys(HISTOGRAMS))
  latency[clock] = HISTOGRAMS[how]?.(latency[clock], chance)
  writeJson(dir, file, value)
  return {
    about: `${file}: the histogram of ${clock} is ${how}`,
    figures: true,
    shows: how !== 'garbled' && how !== 'doubled' && how !== 'very long',
  }
}

const ALL_FILES = [...JSON_FILES, 'events.jsonl'] as const

function inPlaceOf(path: string, make: () => unknown): void {
  rmSync(path)
  make()
}

/** In place of a file. */
const DAMAGES: Readonly<Record<string, (path: string, chance: Random) => void>> = {
  emptied: (path) => writeFileSync(path, ''),
  cut: (path, chance) => truncateSync(path, chance.integer(lstatSync(path).size)),
  'of NUL bytes': (path) => writeFileSync(path, Buffer.alloc(lstatSync(path).size)),
  'of random bytes': (path, chance) =>
    writeFileSync(
      path,
      Uint8Array.from({ length: 5000 }, () => chance.integer(256)),
    ),
  'a deep list': (path) => writeFileSync(path, '['.repeat(200_000)),
  'a deep map': (path) => writeFileSync(path, `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`),
  'a word': (path) => writeFileSync(path, '"text"'),
  null: (path) => writeFileSync(path, 'null'),
  'an empty list': (path) => writeFileSync(path, '[]'),
  'an empty map': (path) => writeFileSync(path, '{}'),
  'of another version': (path) => writeFileSync(path, '{"schema":99}'),
  'of 9 MiB': (path) => truncateSync(path, 9 * 1024 ** 2),
  'of 600 MiB': (path) => truncateSync(path, 600 * 1024 ** 2),
  'a folder': (path) => inPlaceOf(path, () => mkdirSync(path)),
  missing: (path) => rmSync(path),
  'a link out of the run': (path) => inPlaceOf(path, () => symlinkSync('/etc/hostname', path)),
  'a link to itself': (path) => inPlaceOf(path, () => symlinkSync(path, path)),
  'a link to an endless device': (path) => inPlaceOf(path, () => symlinkSync('/dev/zero', path)),
  'a pipe': (path) => inPlaceOf(path, () => execFileSync('mkfifo', [path])),
}

function damaged(dir: string, chance: Random): Changed {
  const file = fileOf(dir, chance, ALL_FILES)
  const how = pick(chance, Object.keys(DAMAGES))
  DAMAGES[how]?.(join(dir, file), chance)
  return { about: `${file} is ${how}`, figures: isTrial(file), shows: isTrial(file) }
}

function folders(dir: string, chance: Random): Changed {
  const name = pick(
    chance,
    ['trials', 'raw', 'arms'].filter((part) => lstatSync(join(dir, part), { throwIfNoEntry: false })),
  )
  const path = join(dir, name)
  const how = pick(chance, ['missing', 'a file', 'a link', 'in another folder', 'with a hostile name'])
  if (how === 'with a hostile name') writeFileSync(join(path, 'x\u001b[2J\n::error::y.json'), '{}')
  else if (how === 'in another folder') {
    renameSync(path, `${path}-moved`)
    mkdirSync(path)
    renameSync(`${path}-moved`, join(path, name))
  } else {
    rmSync(path, { recursive: true })
    if (how === 'a file') writeFileSync(path, '')
    if (how === 'a link') symlinkSync('/etc', path)
  }
  return { about: `${name} is ${how}`, figures: name === 'trials', shows: name === 'trials' }
}

/** Two trials change places, or one stands for another. */
function swapped(dir: string, chance: Random): Changed {
  const [one, other] = chance.shuffle(readdirSync(join(dir, 'trials'))).slice(0, 2) as [string, string]
  const isWhole = chance.uniform() < 0.5
  const [a, b] = [one, other].map((name) => readJson(dir, join('trials', name)))
  if (isWhole) {
    writeJson(dir, join('trials', one), b)
    writeJson(dir, join('trials', other), a)
  } else {
    writeJson(dir, join('trials', one), { ...a, outcome: b.outcome })
  }
  return {
    about: `${one} ${isWhole ? 'changes places with' : 'has the outcome of'} ${other}`,
    figures: true,
    shows: true,
  }
}

const LINES: Readonly<Record<string, (lines: string[], chance: Random) => string[]>> = {
  'a line garbled': (lines, chance) => lines.with(chance.integer(lines.length), '{"type":"result","trial":'),
  'a line of null': (lines, chance) => lines.with(chance.integer(lines.length), 'null'),
  'a line of a list': (lines, chance) => lines.with(chance.integer(lines.length), '[{"type":"result","digest":1}]'),
  'a line of 20 MiB': (lines, chance) =>
    lines.with(chance.integer(lines.length), `{"type":"result","digest":"${'x'.repeat(20 * 1024 ** 2)}"}`),
  'a deep line': (lines, chance) => lines.with(chance.integer(lines.length), `{"digest":${'['.repeat(200_000)}`),
  'a digest of another type': (lines) => lines.map((line) => line.replace(/"digest":"[0-9a-f]+"/, '"digest":{"a":1}')),
  'another digest': (lines) => lines.map((line) => line.replace(/"digest":"[0-9a-f]/, '"digest":"x')),
  'a digest of __proto__': (lines) => [
    ...lines,
    '{"type":"result","trial":"__proto__","digest":"0"}',
    '{"type":"result","trial":"constructor","digest":"0"}',
  ],
  shuffled: (lines, chance) => chance.shuffle(lines),
  twice: (lines) => [...lines, ...lines],
  'with NUL bytes': (lines) => lines.map((line) => `${line}\0`),
  'a hundred thousand lines more': (lines) => [
    ...lines,
    ...Array.from({ length: 100_000 }, (_, n) => `{"at":${n},"type":"step","title":"x"}`),
  ],
}

function journal(dir: string, chance: Random): Changed {
  const path = join(dir, 'events.jsonl')
  const how = pick(chance, Object.keys(LINES))
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  writeFileSync(path, `${LINES[how]?.(lines, chance).join('\n')}\n`)
  return { about: `events.jsonl: ${how}` }
}

export const RESULT_MAKERS: readonly ResultMaker[] = [
  { name: 'wrong values', change: wrongValue },
  { name: 'wrong values', change: wrongValue },
  { name: 'missing keys', change: withoutKey },
  { name: 'other figures', change: otherFigure },
  { name: 'histograms', change: histogram },
  { name: 'damaged files', change: damaged },
  { name: 'damaged files', change: damaged },
  { name: 'folders', change: folders },
  { name: 'swapped trials', change: swapped },
  { name: 'journal', change: journal },
]

/** Whoever makes up a result makes up its digest too. */
export function redigest(dir: string): void {
  for (const [file, holder] of [
    ['run.json', 'plan'],
    ['extension.json', ''],
  ] as const) {
    try {
      const value = readJson(dir, file)
      const { scenario } = holder ? value.plan : readJson(dir, 'run.json').plan
      value.digest = planDigest((holder ? value.plan : { scenario, cohorts: value.cohorts }) as Plan)
      // JSON cannot hold what is larger than any number: it would become null.
      if (!/1e999/.test(readFileSync(join(dir, file), 'utf8'))) writeFileSync(join(dir, file), JSON.stringify(value))
    } catch {
      // Not a file of that shape any more.
    }
  }
  try {
    const digests = new Map(
      readdirSync(join(dir, 'trials')).map((name) => [
        basename(name, '.json'),
        textDigest(readFileSync(join(dir, 'trials', name), 'utf8')),
      ]),
    )
    const path = join(dir, 'events.jsonl')
    const lines = readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => {
        const trial = /"type":"result","trial":"([^"]+)"/.exec(line)?.[1]
        return line.replace(/"digest":"[0-9a-f]+"/, (digest) =>
          trial && digests.has(trial) ? `"digest":"${digests.get(trial)}"` : digest,
        )
      })
    writeFileSync(path, lines.join('\n'))
  } catch {
    // A file that is none, such as a pipe: nothing to be made up.
  }
}
