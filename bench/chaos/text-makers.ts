/** Texts of scenarios, site files and limits that no person would write by chance, but that somebody may hand us. */
import { readFileSync } from 'node:fs'
import { isMap, isScalar, isSeq, parseDocument } from 'yaml'
import type { Random } from '../../src/stats/random.ts'
import { pick } from './campaign.ts'

const SCENARIO = readFileSync(new URL('../../scenarios/example.yaml', import.meta.url), 'utf8')
const LIMITS = parseDocument(SCENARIO).toJS().gate as object
const SITE = `kind: { nodeImage: mirror.example.com/kindest/node:v1.35.8 }
images: { fortio: mirror.example.com/fortio/fortio:1.68.0, busybox: mirror.example.com/busybox:1.35 }
gatewayApi: { manifests: https://mirror.example.com/gateway.yaml, unchecked: true }
istio:
  hub: mirror.example.com/istio
  charts: { istiod: oci://mirror.example.com/charts/istiod, base: { repository: https://mirror.example.com, chart: base } }
  values: { istiod: { pilot: { resources: { requests: { cpu: 10m } } } } }
  manifests: [https://mirror.example.com/a.yaml]
linkerd: { hub: mirror.example.com/linkerd, charts: { linkerd-crds: oci://mirror.example.com/charts/crds } }
tools:
  kind: { base: https://mirror.example.com/kind/ }
  helm: { base: https://mirror.example.com/helm/, version: 4.2.0, unchecked: true }
`

/** What a hostile file is read as. */
export const ROLES = ['scenario', 'scenario', 'site', 'limits', 'doctor'] as const
export type Role = (typeof ROLES)[number]

const BASES: Readonly<Record<Role, string>> = {
  scenario: SCENARIO,
  doctor: SCENARIO,
  site: SITE,
  limits: JSON.stringify(LIMITS, undefined, 2),
}

interface Text {
  readonly about: string
  readonly text: string | Uint8Array
}

export interface TextMaker {
  readonly name: string
  make(chance: Random, role: Role): Text
}

const DEEP = 100_000
const MIB = 1024 * 1024
/** What YAML takes as punctuation, and what terminals take as commands. */
const GARBLE = [
  ...'{}[]:,&*!|>%@`"\'#-?<~\t\n =',
  '\u0000',
  '\u001b',
  '\u0007',
  '\u009b',
  '\u202e',
  '\ufeff',
  '\ud83d\ude00',
  '\u2028',
]

function cut(chance: Random, role: Role): Text {
  const base = BASES[role]
  const at = chance.integer(base.length)
  return { about: `cut after ${at} characters`, text: base.slice(0, at) }
}

function garbled(chance: Random, role: Role): Text {
  const characters = [...BASES[role]]
  const count = 1 + chance.integer(40)
  for (let index = 0; index < count; index++) characters[chance.integer(characters.length)] = pick(chance, GARBLE)
  return { about: `${count} characters garbled`, text: characters.join('') }
}

function bytes(chance: Random): Text {
  const length = 1 + chance.integer(20_000)
  return { about: `${length} random bytes`, text: Uint8Array.from({ length }, () => chance.integer(256)) }
}

const DEPTHS: readonly (readonly [string, (depth: number) => string])[] = [
  ['lists in a line', (depth) => `arms: ${'['.repeat(depth)}${']'.repeat(depth)}`],
  ['lists that do not end', (depth) => '['.repeat(depth)],
  ['maps in a line', (depth) => `arms: ${'{a: '.repeat(depth)}1${'}'.repeat(depth)}`],
  ['maps that do not end', (depth) => '{a: '.repeat(depth)],
  ['lists of lists by hyphens', (depth) => `${'- '.repeat(depth)}1`],
  ['keys of keys', (depth) => `${'? '.repeat(depth)}1`],
  ['quoted lists as keys', (depth) => `${'[? '.repeat(depth)}`],
  ['tags', (depth) => `${'!!seq ['.repeat(depth / 2)}`],
  ['anchors', (depth) => Array.from({ length: depth / 8 }, (_, index) => `&a${index} [`).join('')],
  ['indented maps', () => Array.from({ length: 1400 }, (_, level) => `${' '.repeat(level)}a:`).join('\n')],
]

function deep(chance: Random): Text {
  const [about, nest] = pick(chance, DEPTHS)
  const depth = pick(chance, [200, 5_000, DEEP])
  return { about: `${about}, ${depth} levels`, text: nest(depth) }
}

const NEAR = MIB - 100
const fill = (unit: string) => unit.repeat(Math.floor(NEAR / unit.length))
const LARGE: readonly (readonly [string, () => string])[] = [
  ['2 MiB of comments', () => '# x\n'.repeat(MIB / 2)],
  ['50 MiB of lists', () => '- a\n'.repeat(12 * MIB)],
  ['1 MiB of one word', () => `name: ${'a'.repeat(NEAR)}`],
  ['1 MiB of one key', () => `${'a'.repeat(NEAR)}: 1`],
  ['1 MiB of comments', () => fill('# x\n')],
  ['1 MiB of line breaks', () => fill('\n')],
  ['1 MiB of unknown keys', () => numbered((index) => `k${index}: 1\n`)],
  ['1 MiB of equal keys', () => fill('a: 1\n')],
  ['1 MiB of arms', () => `arms:\n${fill('- none\n').slice(0, NEAR - 20)}`],
  ['1 MiB of arms of no mesh', () => `arms:\n${numbered((index) => `- m${index}\n`)}`],
  ['1 MiB of loads', () => `arms: [none]\nloads:\n${numbered((index) => `- { name: l${index}, rate: 1/s }\n`)}`],
  ['1 MiB of broken lines', () => fill(': : :\n')],
  ['1 MiB of colons', () => fill(':')],
  ['1 MiB of quotes', () => fill('"\n')],
  ['1 MiB of tabs', () => fill('\t')],
  ['1 MiB of brackets', () => fill('[]')],
  ['1 MiB of documents', () => fill('---\n')],
  ['1 MiB of directives', () => fill('%TAG ! x\n')],
  ['1 MiB of numbers', () => `arms: [${fill('1,').slice(0, NEAR - 20)}]`],
  ['1 MiB of tags', () => fill('- !a b\n')],
  ['1 MiB of stars', () => `gate: { assert: { "${'*'.repeat(NEAR - 40)}": error } }`],
  ['1 MiB of digits', () => `seed: ${'9'.repeat(NEAR)}`],
  ['1 MiB of a rate', () => `loads: [{ rate: ${'9'.repeat(NEAR - 40)}/s }]`],
]

function numbered(line: (index: number) => string): string {
  const lines: string[] = []
  for (let length = 0, index = 0; length < NEAR - 60; index++) length += lines[lines.push(line(index)) - 1]?.length ?? 0
  return lines.join('')
}

function large(chance: Random): Text {
  const [about, text] = pick(chance, LARGE)
  return { about, text: text() }
}

const ALIASES: readonly (readonly [string, () => string])[] = [
  [
    'ten to the ninth',
    () =>
      `a0: &a0 [x]\n${Array.from({ length: 9 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n},`.repeat(10)}]\n`).join('')}arms: *a9`,
  ],
  ['a list in itself', () => 'arms: &a [*a]'],
  ['a map in itself', () => 'arms: &a { b: *a }'],
  ['a hundred thousand aliases', () => `name: &a x\narms: [${'*a,'.repeat(DEEP)}]`],
  [
    'a chain of aliases',
    () => Array.from({ length: 20_000 }, (_, n) => `a${n}: &a${n} ${n ? `*a${n - 1}` : 'x'}`).join('\n'),
  ],
  [
    'a chain of lists',
    () => Array.from({ length: 5000 }, (_, n) => `a${n}: &a${n} [${n ? `*a${n - 1}` : 'x'}]`).join('\n'),
  ],
  [
    'doubling maps',
    () =>
      Array.from({ length: 40 }, (_, n) => `a${n}: &a${n} ${n ? `{ x: *a${n - 1}, y: *a${n - 1} }` : '{}'}`).join('\n'),
  ],
  [
    'merges that double',
    () =>
      Array.from(
        { length: 40 },
        (_, n) => `a${n}: &a${n} ${n ? `{ <<: [*a${n - 1}, *a${n - 1}], k${n}: 1 }` : '{ k: 1 }'}`,
      ).join('\n'),
  ],
  ['aliases to nothing', () => `arms: [${'*nothing,'.repeat(20_000)}]`],
  [
    'the values of an arm in themselves',
    () =>
      'name: a\nplatform: simulated\narms: [none, { name: b, mesh: envoy-sidecar, values: &v { concurrency: 1, v: *v } }]\nloads: [{ rate: 1/s }]',
  ],
]

function aliases(chance: Random): Text {
  const [about, text] = pick(chance, ALIASES)
  return { about, text: text() }
}

const CONTROLS = [
  '\u0000',
  '\u001b[2J',
  '\u0007',
  '\u009b31m',
  '\u202e',
  '\u2066',
  '\r',
  '\n::error::x',
  '\u2028',
  '\u0085',
  '\u007f',
  '\ud800',
  '%0A::set-output',
]

function controls(chance: Random, role: Role): Text {
  const control = pick(chance, CONTROLS)
  const isEscaped = chance.uniform() < 0.5
  const document = parseDocument(BASES[role])
  const path = pick(chance, pathsIn(document.contents))
  const isKey = chance.uniform() < 0.3
  const written = `x${control}y`
  if (isKey && typeof path.at(-1) === 'string') document.setIn([...path.slice(0, -1), written], 1)
  else document.setIn(path, written)
  const text = document.toString()
  const where = `${JSON.stringify(control)} ${isKey ? 'as a key at' : 'at'} ${path.join('.')}`
  // As JSON writes it, and as it is.
  return isEscaped
    ? { about: `${where}, escaped`, text }
    : { about: where, text: text.replaceAll(JSON.stringify(written), written) }
}

type Path = (string | number)[]

/** Every key and every place of a list. */
function pathsIn(node: unknown, above: Path = []): Path[] {
  if (isMap(node)) {
    return node.items.flatMap(({ key, value }) => {
      const path = [...above, isScalar(key) ? String(key.value) : String(key)]
      return [path, ...pathsIn(value, path)]
    })
  }
  if (isSeq(node)) return node.items.flatMap((item, index) => [[...above, index], ...pathsIn(item, [...above, index])])
  return []
}

/** As YAML writes them. */
const VALUES: readonly string[] = [
  'null',
  '[]',
  '{}',
  '[[[]]]',
  '[null]',
  '{ a: { b: c } }',
  '{ null: null }',
  '1e308',
  '.inf',
  '-.inf',
  '.nan',
  '-1',
  '0',
  '-0',
  '9007199254740993',
  '1e-320',
  '0x7fffffffffffffff',
  'true',
  '"text"',
  '""',
  '" "',
  '2001-01-01',
  '2001-01-01T00:00:00Z',
  '!!binary aGVsbG8=',
  '!!set { a, b }',
  '!!omap [a: 1]',
  '&x [*x]',
  '1e308/s',
  '99999999999999h',
  '-5s',
  '1e308s',
  '0/s',
  '999999999999999GiB',
  '100000%',
  '-5%',
  'NaN',
  'undefined',
  'Infinity',
  '__proto__',
  'constructor',
  `"${'x'.repeat(100_000)}"`,
  `[${'1,'.repeat(10_000)}]`,
  `{ ${Array.from({ length: 5000 }, (_, n) => `k${n}: 1`).join(', ')} }`,
  '"*/*/*/*"',
  '"../../../etc/passwd"',
  '"--post-renderer=x"',
  '"$(id)"',
]

const MARK = 'chaos-was-here'

function types(chance: Random, role: Role): Text {
  const document = parseDocument(BASES[role])
  const path = pick(chance, pathsIn(document.contents))
  const value = pick(chance, VALUES)
  document.setIn(path, MARK)
  return {
    about: `${path.join('.')} is ${value.slice(0, 60)}`,
    text: document.toString().replace(new RegExp(`"?${MARK}"?`), () => value),
  }
}

const KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'then',
  'toJSON',
  '',
  ' ',
  'length',
  '0',
  'undefined',
  'null',
  '<<',
  'x'.repeat(50_000),
]

function keys(chance: Random, role: Role): Text {
  const document = parseDocument(BASES[role])
  const maps: Path[] = [[], ...pathsIn(document.contents).filter((path) => isMap(document.getIn(path)))]
  const [path, key] = [pick(chance, maps), pick(chance, KEYS)]
  const value = pick(chance, ['1', 'x', '{}', '[]', '{ polluted: true }', 'null'])
  document.setIn([...path, MARK], MARK)
  const text = document.toString().replace(new RegExp(`${MARK}: ${MARK}`), () => `${JSON.stringify(key)}: ${value}`)
  return { about: `the key ${key.slice(0, 20)} with ${value} in ${path.join('.') || 'the file'}`, text }
}

function names(chance: Random): Text {
  const word = pick(chance, KEYS)
  const quoted = JSON.stringify(word)
  const [about, text] = pick(chance, [
    ['a mesh', `arms: [none, { name: a, mesh: ${quoted} }]\nloads: [{ rate: 1/s }]`],
    ['an arm', `arms: [none, ${quoted}]\nloads: [{ rate: 1/s }]`],
    ['the name of an arm', `arms: [none, { name: ${quoted}, mesh: none }]\nloads: [{ rate: 1/s }]`],
    ['the name of a load', `arms: [none]\nloads: [{ name: ${quoted}, rate: 1/s }]`],
    ['a tool', `arms: [none]\nloads: [{ tool: ${quoted}, rate: 1/s }]`],
    ['a protocol', `arms: [none]\nloads: [{ protocol: ${quoted}, rate: 1/s }]`],
    ['an effect', `arms: [none]\nloads: [{ rate: 1/s }]\nsimulation: { effects: { ${quoted}: { latency: 2 } } }`],
    ['a setting', `arms: [none, { name: a, mesh: envoy-sidecar, values: { ${quoted}: 1 } }]\nloads: [{ rate: 1/s }]`],
    ['a metric', `arms: [none]\nloads: [{ rate: 1/s }]\ngate: { metrics: [${quoted}] }`],
    [
      'a reference',
      `arms: [none, { name: a, mesh: none }]\nloads: [{ rate: 1/s }]\ngate: { reference: { ${quoted}: none, a: ${quoted} } }`,
    ],
    ['a platform', `platform: ${quoted}\narms: [none]\nloads: [{ rate: 1/s }]`],
    [
      'the arm of a fault',
      `arms: [none]\nloads: [{ rate: 1/s }]\nsimulation: { faults: [{ kind: errors, arm: ${quoted} }] }`,
    ],
  ] as const)
  const platform = about === 'a platform' ? '' : 'platform: simulated\n'
  return { about: `${word.slice(0, 20)} as ${about}`, text: `name: a\n${platform}${text}` }
}

const TAGS = [
  '!!binary "!!!"',
  '!!timestamp x',
  '!!js/function "function(){}"',
  '!!python/object:os.system [id]',
  '!x y',
  '!!int a',
  '!!float b',
  '!!bool c',
  '!!null d',
  '!!map []',
  '!!seq {}',
  '!!str {}',
  '!<tag:yaml.org,2002:int> 5',
  '! x',
  '!!merge <<',
  '!!pairs [a: 1, a: 2]',
  '!!omap [a: 1, a: 2]',
  '!!set { a: 1 }',
  '2001-13-45',
  '0o9',
  '0b2',
  '1:30:00',
  '1_000',
  '~',
  'yes',
  '.INF',
]

function tags(chance: Random, role: Role): Text {
  const document = parseDocument(BASES[role])
  const path = pick(chance, pathsIn(document.contents))
  const tag = pick(chance, TAGS)
  document.setIn(path, MARK)
  const head = pick(chance, ['', '%YAML 1.1\n---\n', '%YAML 9.9\n---\n', '%TAG ! tag:x,2000:\n---\n', '\ufeff'])
  return {
    about: `${tag} at ${path.join('.')}`,
    text: head + document.toString().replace(new RegExp(`"?${MARK}"?`), () => tag),
  }
}

const merged = (text: string) =>
  `base: &b { rate: 5/s }\nname: a\nplatform: simulated\narms: [none]\nloads: [${text}]\n`
const MERGES = [
  '{ <<: *b }',
  '{ <<: [*b, *b] }',
  '{ <<: 1 }',
  '{ <<: [1] }',
  '{ <<: null, rate: 1/s }',
  '{ <<: &c { <<: *c } }',
  '{ ? [a, b] : c }',
  '{ ? { a: b } : c }',
  '{ ? *b : c }',
  '{ *b : c }',
  '{ null: 1, rate: 1/s }',
  '{ 1: 2 }',
  '{ true: x }',
  '{ 1.5: x, rate: 5/s }',
]

function merges(chance: Random): Text {
  const text = pick(chance, MERGES)
  return { about: text, text: merged(text) }
}

const list = (count: number, item: (index: number) => string | number) =>
  `[${Array.from({ length: count }, (_, index) => item(index)).join(',')}]`
const scenario = (arms: string, loads: string, more = '') =>
  `name: a\nplatform: simulated\narms: ${arms}\nloads: ${loads}\n${more}`
const ONE = '[{ rate: 1/s }]'
const MANY: readonly (readonly [string, () => string])[] = [
  [
    '5,000 arms',
    () =>
      scenario(
        list(5000, (n) => `{name: a${n}, mesh: none}`),
        ONE,
      ),
  ],
  [
    '5,000 loads',
    () =>
      scenario(
        '[none]',
        list(5000, (n) => `{name: l${n}, rate: 1/s}`),
      ),
  ],
  [
    '500 arms with 500 loads',
    () =>
      scenario(
        list(500, (n) => `{name: a${n}, mesh: none}`),
        list(500, (n) => `{name: l${n}, rate: 1/s}`),
      ),
  ],
  [
    'lists that multiply to 10^6',
    () =>
      scenario(
        '[none]',
        `[{ rate: ${list(100, (n) => `${n + 1}/s`)}, payload: ${list(100, (n) => `${n}B`)}, connections: ${list(100, (n) => n + 1)} }]`,
      ),
  ],
  [
    'lists that multiply to 10^12',
    () =>
      scenario(
        '[none]',
        `[{ rate: ${list(10_000, (n) => `${n + 1}/s`)}, payload: ${list(10_000, (n) => `${n}B`)}, connections: ${list(10_000, (n) => n + 1)} }]`,
      ),
  ],
  ...['blocks', 'cohorts', 'seed'].flatMap((key) =>
    ['1000000', '1000000000', '1e15', '9007199254740991', '1e300'].map(
      (value) => [`${key}: ${value}`, () => scenario('[none]', ONE, `${key}: ${value}`)] as const,
    ),
  ),
  ['blocks and cohorts of 10^5', () => scenario('[none]', ONE, 'blocks: 100000\ncohorts: 100000')],
  ...[
    'rate: 1e15/s',
    'rate: 999999999999k/s',
    'rate: 1/h',
    'rate: 1e-300/s',
    'connections: 1000000000, rate: 1/s',
    'rate: 1/s, duration: 1e9h',
    'rate: 1/s, duration: 1us',
    'rate: 1/s, warmup: 1e12h',
    'rate: 1/s, payload: 1e9GiB',
    'rate: max',
  ].map((load) => [load, () => scenario('[none]', `[{ ${load} }]`)] as const),
  ...['idle: 1e12h', 'minEffect: 1e300%', 'minEffect: 0%', 'idle: 1e-320s'].map(
    (line) => [line, () => scenario('[none]', ONE, line)] as const,
  ),
  ...['replicas: 1000000000', 'inject: { delay: 1e-300s }', 'replicas: 0.5'].map(
    (line) => [line, () => scenario(`[none, { name: b, mesh: none, ${line} }]`, ONE)] as const,
  ),
  [
    '1,000 faults in 10^5 blocks',
    () =>
      scenario(
        '[none]',
        ONE,
        `simulation: { faults: ${list(1000, (n) => `{ kind: errors, arm: none, blocks: ${list(100, (m) => n * 100 + m + 1)} }`)} }`,
      ),
  ],
  [
    '10,000 patterns',
    () =>
      scenario(
        list(100, (n) => `{name: a${n}, mesh: none}`),
        ONE,
        `gate: { assert: { ${Array.from({ length: 10_000 }, (_, n) => `"*a${n}*/*/*": error`).join(', ')} } }`,
      ),
  ],
  [
    'a pattern of 5,000 stars',
    () => scenario('[none]', ONE, `gate: { assert: { "${'*a'.repeat(5000)}/*/*": error } }`),
  ],
  [
    '10,000 waivers',
    () =>
      scenario(
        '[none]',
        ONE,
        `gate: { waivers: ${list(10_000, () => '{ match: "*/*/*", until: "2027-01-01", reason: x }')} }`,
      ),
  ],
  [
    '10,000 effects',
    () =>
      scenario(
        '[none]',
        ONE,
        `simulation: { effects: { ${Array.from({ length: 10_000 }, (_, n) => `a${n}: { latency: 2 }`).join(', ')} } }`,
      ),
  ],
]

function many(chance: Random): Text {
  const [about, text] = pick(chance, MANY)
  return { about, text: text() }
}

export const TEXT_MAKERS: readonly TextMaker[] = [
  { name: 'cut', make: cut },
  { name: 'garbled', make: garbled },
  { name: 'random bytes', make: bytes },
  { name: 'deep nesting', make: deep },
  { name: 'large', make: large },
  { name: 'aliases', make: aliases },
  { name: 'control characters', make: controls },
  { name: 'wrong types', make: types },
  { name: 'wrong types', make: types },
  { name: 'unknown keys', make: keys },
  { name: 'names of the language', make: names },
  { name: 'tags and dates', make: tags },
  { name: 'merges', make: merges },
  { name: 'many and huge', make: many },
]
