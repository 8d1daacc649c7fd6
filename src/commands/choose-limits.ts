import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseLimits } from '../gate/parse-limits.ts'
import { Failure } from '../model/failure.ts'
import type { Limits } from '../model/limits.ts'
import type { Run } from '../model/result.ts'
import { defaultLimits } from '../scenario/gate-schema.ts'

export interface LimitsOptions {
  readonly limits?: string
  readonly reference?: string
}

/** What a run is judged by: a file where one is named, else what its scenario says, else the defaults. */
export async function chooseLimits(run: Run, options: LimitsOptions, cwd: string): Promise<Limits> {
  const written = options.limits === undefined ? run.plan.scenario.gate : await readLimits(options.limits, cwd)
  const limits = written ?? defaultLimits()
  return options.reference === undefined ? limits : withReference(limits, options.reference)
}

async function readLimits(given: string, cwd: string): Promise<Limits> {
  let text: string
  try {
    text = await readFile(resolve(cwd, given), 'utf8')
  } catch (cause) {
    throw new Failure('limits', `the limits file ${given} cannot be read`, {
      cause,
      fix: 'Correct --limits, or leave it out to judge by what the scenario says.',
    })
  }
  return parseLimits(text, given)
}

/** `*-ref` is a rule, `istio=istio-ref,linkerd=linkerd-ref` names arms, anything else is a file of `gate accept`. */
function withReference({ pinned: _, ...limits }: Limits, text: string): Limits {
  if (text.includes('*')) return { ...limits, reference: text }
  if (!text.includes('=')) return { ...limits, pinned: text }
  const pairs = text.split(',').map((pair) => pair.split('=').map((name) => name.trim()))
  if (pairs.some((pair) => pair.length !== 2 || pair.includes(''))) {
    throw new Failure('usage', `--reference ${text} does not name pairs of arms`, {
      fix: 'Write candidate=reference, several separated by commas; a rule such as *-ref; or a file.',
    })
  }
  return { ...limits, reference: Object.fromEntries(pairs) }
}
