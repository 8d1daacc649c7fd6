import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { Failure } from '../model/failure.ts'
import type { GateResult } from '../model/verdict.ts'
import { annotations } from '../report/outputs/annotations.ts'
import { jobSummary } from '../report/outputs/job-summary.ts'
import { junit } from '../report/outputs/junit.ts'
import { pullRequestMarkdown } from '../report/outputs/pull-request.ts'
import type { Surroundings } from './surroundings.ts'

/** Where the gate's answer goes besides the terminal. */
export interface OutputOptions {
  readonly junit?: string
  readonly markdown?: string
  readonly summary?: string
  readonly annotations?: boolean
}

/** Writes every output that is asked for, of one and the same answer. A summary is added to, as GitHub's file wants it. */
export async function writeOutputs(
  result: GateResult,
  options: OutputOptions,
  { cwd, stderr }: Pick<Surroundings, 'cwd' | 'stderr'>,
): Promise<void> {
  if (options.junit !== undefined) await put(resolve(cwd, options.junit), junit(result), writeFile)
  if (options.markdown !== undefined) await put(resolve(cwd, options.markdown), pullRequestMarkdown(result), writeFile)
  if (options.summary !== undefined) await put(resolve(cwd, options.summary), jobSummary(result), appendFile)
  if (options.annotations) for (const line of annotations(result)) stderr.write(`${line}\n`)
}

async function put(file: string, text: string, write: (file: string, text: string) => Promise<void>): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true })
    await write(file, text)
  } catch (error) {
    throw new Failure('output-not-written', `${file} could not be written`, {
      cause: error,
      fix: 'Name another file; the results are safe, and the gate can be asked again.',
    })
  }
}
