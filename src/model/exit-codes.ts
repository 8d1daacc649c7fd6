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

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]
