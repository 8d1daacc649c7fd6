import type { Ended } from './child.ts'

const MOST_CPU_SECONDS = 5
/** Beyond what its CPU time explains on a machine that others use. Who waits longer waits for something that does not come. */
const MOST_WAIT_SECONDS = 5
const MOST_SHARE = 4
const MOST_BYTES = 500 * 1024 ** 2

/** What the language throws or prints where a shape was not checked, and the system's names of errors. */
const LEAKS: readonly (readonly [string, RegExp])[] = [
  ['a stack trace', /^ {4}at .*\d+:\d+\)?$/m],
  [
    'an error of the language',
    /is not a function|is not iterable|Cannot (read|set|convert)|Maximum call stack|Invalid (array|string) length|before initialization/,
  ],
  ['a defect', /case that it does not handle|defect of meshbench/],
  ['undefined', /\bundefined\b/],
  ['NaN', /\bNaN\b/],
  ['[object …]', /\[object \w+\]/],
  [
    'the name of a system error',
    /\bE(NOENT|NOTDIR|ISDIR|LOOP|INVAL|ACCES|PERM|EXIST|NXIO|NAMETOOLONG|MFILE|IO|PIPE)\b/,
  ],
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  ['a control character', /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/],
  ['a line that begins with ::', /^\s*::/m],
]

/** Those that are words too. */
const WORDS = ['undefined', 'NaN']

interface Expected {
  readonly codes: readonly number[]
  /** What the input says itself may be quoted: "undefined" is a word as well. */
  readonly quoted?: string
}

/** What is wrong with how a command ended; nothing, if it did what it has to do with hostile input. */
export function complaintsAbout(ended: Ended, { codes, quoted = '' }: Expected): string[] {
  const { code, signal, isTimedOut, stdout, stderr, used, wall } = ended
  const found: string[] = []
  if (isTimedOut) return ['it hung']
  if (signal !== null) return [`it was ended by ${signal}: ${stderr.slice(-300)}`]
  if (!codes.includes(code ?? -1)) found.push(`it ended with ${code}`)
  if (used === undefined) found.push('it did not end in an orderly way')
  if (used && used.cpu > MOST_CPU_SECONDS) found.push(`it took ${used.cpu.toFixed(1)} s of CPU time`)
  if (used && wall > MOST_WAIT_SECONDS + MOST_SHARE * used.cpu)
    found.push(`it waited: ${wall.toFixed(1)} s for ${used.cpu.toFixed(1)} s of CPU time`)
  if (used && used.memory > MOST_BYTES) found.push(`it took ${Math.round(used.memory / 1024 ** 2)} MiB of memory`)
  found.push(...leaksIn(`${stdout}\n${stderr}`, quoted))
  if (code === 2 || code === 3) found.push(...gapsIn(stderr))
  return found
}

/** What must stand in no text that a user reads. */
export function leaksIn(text: string, quoted = ''): string[] {
  return LEAKS.filter(([what]) => !(WORDS.includes(what) && quoted.includes(what))).flatMap(([what, pattern]) => {
    const found = pattern.exec(text)
    return found ? [`${what}: …${JSON.stringify(text.slice(Math.max(0, found.index - 60), found.index + 60))}…`] : []
  })
}

/** A failure says what, why and what to do. */
function gapsIn(stderr: string): string[] {
  // `plan` and `doctor` say what they find in another form.
  if (/^error {2,}/m.test(stderr)) return /fix:/.test(stderr) ? [] : ['a finding without a remedy']
  const gaps = [
    ['message', /^error: \S/m],
    ['cause', /^ {2}why:\s+\S/m],
    ['remedy', /^ {2}fix:\s+\S/m],
  ] as const
  const messages = stderr.match(/^error: /gm)?.length ?? 0
  const several = messages > 1 ? [`${messages} messages in place of one`] : []
  return [
    ...several,
    ...gaps.flatMap(([what, pattern]) =>
      pattern.test(stderr) ? [] : [`no ${what}: ${JSON.stringify(stderr.slice(0, 200))}`],
    ),
  ]
}
