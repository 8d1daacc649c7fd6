/** Exit codes, as in the README. */
export const EXIT = {
  ok: 0,
  usage: 2,
  infrastructure: 3,
  regression: 10,
  inconclusive: 11,
  invalid: 12,
  budget: 13,
  interrupted: 130,
} as const

/** What each of them means, as the help says it. */
const WORDS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: 'ok',
  usage: 'usage or scenario',
  infrastructure: 'infrastructure',
  regression: 'regression',
  inconclusive: 'inconclusive under --strict',
  invalid: 'invalid or missing data',
  budget: 'budget broken',
  interrupted: 'interrupted',
}

/** "0 ok, 2 usage or scenario, …" */
export const EXIT_WORDS = Object.entries(EXIT)
  .map(([name, code]) => `${code} ${WORDS[name as keyof typeof EXIT]}`)
  .join(', ')

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]
