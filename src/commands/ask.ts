import { createInterface } from 'node:readline/promises'
import { Failure } from '../model/failure.ts'
import type { CommandContext, CommonOptions } from './command-context.ts'

/** Whether somebody sits at a terminal who can be asked: not in CI, and not where the output is for a program. */
export function canAsk(
  { json, quiet }: Pick<CommonOptions, 'json' | 'quiet'>,
  { stdin, stderr, env }: Pick<CommandContext, 'stdin' | 'stderr' | 'env'>,
): boolean {
  return !json && !quiet && !env['CI'] && stderr.isTTY && stdin?.isTTY === true
}

/** Asks one question and returns the answer; undefined where the input ended, or where `until` was aborted before it. */
export type Ask = (question: string, until?: AbortSignal) => Promise<string | undefined>

/** Asks for consent: whether the answer is yes. Anything else is no, and so is no answer. */
export async function agrees(ask: Ask, question: string, until?: AbortSignal): Promise<boolean> {
  return /^\s*y(es)?\s*$/i.test((await ask(`${question} [y/N] `, until)) ?? '')
}

/** Asks on the terminal, for as long as `conversation` goes on. Ctrl-C is a Failure. */
export async function asking<T>(
  { stdin, stderr, signal }: Pick<CommandContext, 'stdin' | 'stderr' | 'signal'>,
  conversation: (ask: Ask) => Promise<T>,
): Promise<T> {
  const questions = createInterface({ input: stdin ?? process.stdin, output: stderr.stream })
  // At the end of the input a question may be neither answered nor refused.
  const closed = new Promise<undefined>((done) => questions.once('close', () => done(undefined)))
  // The terminal hands Ctrl-C to the question as a key, so it is no signal.
  let isStopped = false
  questions.once('SIGINT', () => {
    isStopped = true
    questions.close()
  })
  const ask: Ask = async (question, until) => {
    const within = AbortSignal.any([signal, ...(until ? [until] : [])])
    const answer = await Promise.race([questions.question(question, { signal: within }), closed]).catch(() => undefined)
    // What follows begins a line of its own.
    if (answer === undefined) stderr.alert('\n')
    signal.throwIfAborted()
    if (isStopped) throw new Failure('interrupted', 'stopped by Ctrl-C')
    return answer
  }
  try {
    return await conversation(ask)
  } finally {
    questions.close()
  }
}
