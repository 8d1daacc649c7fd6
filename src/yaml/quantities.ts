import { z } from 'zod'
import {
  type Bytes,
  type PerSecond,
  parseDuration,
  parseRate,
  parseShare,
  parseSize,
  type Seconds,
} from '../model/units.ts'
import { shown } from './yaml-finding.ts'

/** A map of keys. Its issue about keys that do not exist carries those that do, one a line. */
export function section<Shape extends z.ZodRawShape>(shape: Shape) {
  const keys = Object.keys(shape).join('\n')
  return z.strictObject(shape, { error: (issue) => (issue.code === 'unrecognized_keys' ? keys : undefined) })
}

/** One value, or a list of values that multiplies the load. */
export const oneOrMore = <Item extends z.ZodType>(item: Item) => z.union([item, z.array(item).min(1).max(20)])

/** What editors show of a key. */
export const about = (title: string, description: string, examples: unknown[] = []) =>
  examples.length === 0 ? { title, description } : { title, description, examples }

/** A name that becomes part of file names. */
export const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]*$/, {
    error: ({ input }) =>
      say(
        `${JSON.stringify(input)} does not fit in a file name`,
        'Use lower-case letters, digits, dots and hyphens, starting with a letter or digit.',
      ),
  })
  .max(48)

/** A number with a unit: how it is written, and what a mistaken one was likely meant to be. */
interface Kind<Value> {
  readonly noun: string
  readonly pattern: RegExp
  readonly parse: (text: string) => Value | undefined
  /** The first stands for a missing one. */
  readonly units: readonly [string, ...string[]]
  /** How else people write the units, in lower case. */
  readonly spellings: Readonly<Record<string, RegExp>>
  readonly example: string
  /** What may stand there that is no quantity, with its meaning. */
  readonly word?: string
}

/** As written: `1s`. `because` says what sets the upper limit. */
interface Limits {
  readonly least: string
  readonly most: string
  readonly because?: string
}

const DURATION: Kind<Seconds> = {
  noun: 'a duration',
  pattern: /^(\d+(\.\d+)?(us|µs|ms|s|m|h))+$/,
  parse: parseDuration,
  units: ['s', 'ms', 'us', 'm', 'h'],
  spellings: {
    s: /^sec(ond)?s?$/,
    ms: /^m(illi)?s(ec(ond)?)?s?$|^millis$/,
    us: /^(u|µ|micro)s(ec(ond)?)?s?$|^micros$/,
    m: /^min(ute)?s?$/,
    h: /^h(ou)?rs?$/,
  },
  example: '10s',
}

/** "rps", "req/s", "/sec", "k/s" */
function perTime(short: string, time: string, thousand = ''): RegExp {
  return new RegExp(`^(${thousand}(${short})|${thousand}(r|reqs?|requests?|queries|calls)?(/|per)1?${time})$`)
}

const RATE: Kind<PerSecond | 'max'> = {
  noun: 'a rate',
  pattern: /^(max|\d+(\.\d+)?k?\/[smh])$/,
  parse: (text) => (text === 'max' ? 'max' : parseRate(text)),
  units: ['/s', '/m', '/h', 'k/s'],
  spellings: {
    '/s': perTime('[rqto]ps|hz', 's(ec(ond)?)?s?'),
    '/m': perTime('[rq]pm', 'm(in(ute)?)?s?'),
    '/h': perTime('[rq]ph', 'h((ou)?rs?)?'),
    'k/s': perTime('|[rqto]ps', 's(ec(ond)?)?s?', 'k'),
  },
  example: '500/s',
  word: 'max, a closed loop',
}

const FIXED_RATE: Kind<PerSecond> = {
  noun: RATE.noun,
  pattern: /^\d+(\.\d+)?k?\/[smh]$/,
  parse: parseRate,
  units: RATE.units,
  spellings: RATE.spellings,
  example: RATE.example,
}

const SIZE: Kind<Bytes> = {
  noun: 'a size in whole bytes',
  pattern: /^\d+(\.\d+)?(B|KB|MB|GB|KiB|MiB|GiB)$/,
  parse: parseSize,
  units: ['B', 'KB', 'KiB', 'MB', 'MiB', 'GB', 'GiB'],
  spellings: { B: /^bytes?$/, KB: /^k$/, KiB: /^ki$/, MB: /^m$/, MiB: /^mi$/, GB: /^g$/, GiB: /^gi$/ },
  example: '1KiB',
}

/** Text such as "1m30s" that becomes seconds. */
export const duration = (limits: Limits) => quantity(DURATION, limits)

/** Text such as "500/s" that becomes requests per second, or `max`. */
export const rate = (limits: Limits) => quantity(RATE, limits)

/** The same without `max`. */
export const fixedRate = (least: string) => quantity(FIXED_RATE, { least, most: '1000k/s' })

/** Text such as "1KiB" that becomes bytes. */
export const size = (limits: Limits) => quantity(SIZE, limits)

/** The message of an issue: what is wrong, and on a second line what to write instead. */
export const say = (message: string, remedy: string): string => `${message}\n${remedy}`

/** "10%" → 0.1. */
export const share = z
  .string({
    error: ({ input }) => say(`${shown(input)} is not a share`, 'Write it with its sign and in quotes: "10%".'),
  })
  .transform((text, context) => {
    const value = parseShare(text)
    if (value !== undefined && value > 0) return value
    context.issues.push({
      code: 'custom',
      input: text,
      message: say(`${shown(text)} is not a share above 0`, 'Write it with its sign: "10%".'),
    })
    return z.NEVER
  })

function quantity<Value extends number | 'max'>(kind: Kind<Value>, limits: Limits) {
  const misspelt = ({ input }: { input?: unknown }): string => {
    const lacksUnit = Number.isFinite(input) || /^[\d.]+$/.test(String(input))
    return say(lacksUnit ? `${shown(input)} has no unit` : `${shown(input)} is not ${kind.noun}`, spelling(kind, input))
  }
  return z
    .string({ error: misspelt })
    .regex(kind.pattern, { error: misspelt })
    .transform((text, context) => {
      const value = kind.parse(text)
      const wrong = value === undefined ? misspelt({ input: text }) : outside(kind, limits, text, value)
      if (value !== undefined && wrong === undefined) return value
      context.issues.push({ code: 'custom', input: text, message: wrong ?? '' })
      return z.NEVER
    })
}

/** `max` is a rate without a number: beside any bound it compares as false. */
function outside<Value extends number | 'max'>(kind: Kind<Value>, limits: Limits, text: string, value: Value) {
  const { least, most, because } = limits
  if (value < (kind.parse(least) ?? 0)) return say(`${text} is less than ${least}`, `Write ${least} or more.`)
  if (value > (kind.parse(most) ?? Number.POSITIVE_INFINITY)) {
    return say(`${text} is more than ${most}${because ? `: ${because}` : ''}`, `Write ${most} or less.`)
  }
  return undefined
}

/** "1 kib" → `Write "1KiB"`; 10 → `Write "10s"`; "2 min" → `Write "2m"`. What is suggested means what was written. */
function spelling<Value>({ units, spellings, example, noun, parse, word }: Kind<Value>, input: unknown): string {
  const written = String(input).replaceAll(/[\s_]|,(?=\d{3})/g, '')
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?(?:e\d)?)(.*)$/.exec(written) ?? []
  const likely =
    unit === ''
      ? units[0]
      : (units.find((known) => known.toLowerCase() === unit.toLowerCase()) ??
        units.find((known) => spellings[known]?.test(unit.toLowerCase())))
  const guess = parse(written) === undefined ? `${Number(number)}${likely}` : written
  const proposed = parse(guess) === undefined || Number(number) === 0 ? example : guess
  return `Write ${noun} such as ${proposed}; units: ${units.join(', ')}${word === undefined ? '' : `; or ${word}`}.`
}
