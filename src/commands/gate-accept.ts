import { resolve } from 'node:path'
import { count, list } from '../analyse/wording.ts'
import { accept } from '../gate/accept.ts'
import { Failure } from '../model/failure.ts'
import { findRun } from '../store/find-run.ts'
import { writePinned } from '../store/pinned.ts'
import { analysisOf } from './gate.ts'
import type { CommonOptions, Surroundings } from './surroundings.ts'

interface AcceptOptions extends CommonOptions {
  readonly reason?: string
  readonly output?: string
}

/** `meshbench gate accept`: makes runs the pinned reference of later ones, and keeps why. */
export async function gateAcceptCommand(
  given: readonly string[],
  options: AcceptOptions,
  { cwd, stdout, stderr }: Surroundings,
): Promise<number> {
  const reason = options.reason?.trim()
  if (!reason) {
    throw new Failure('usage', 'a reference is accepted for a reason', {
      fix: 'Give it: --reason "istio 1.28.1 is out".',
    })
  }
  const results = resolve(cwd, options.results)
  const dirs = await Promise.all((given.length > 0 ? given : [undefined]).map((run) => findRun(results, run)))
  const analyses = await Promise.all([...new Set(dirs)].map(analysisOf))
  const limits = analyses[0]?.record.run.plan.scenario.gate
  const file = resolve(cwd, options.output ?? limits?.pinned ?? 'reference.json')
  const pinned = accept(analyses, { reason, at: new Date().toISOString() })
  await writePinned(file, pinned)
  const { runs } = pinned
  const cells = Object.keys(pinned.cells).length
  if (runs.length < 2) stderr.write(ONE_RUN)
  stdout.write(
    options.json
      ? `${JSON.stringify({ schema: 1, command: 'gate accept', runs, file, cells, reason }, null, 2)}\n`
      : `${file}: ${list(runs)} ${runs.length > 1 ? 'are' : 'is'} the reference now, with ${count(cells, 'cell')}\n`,
  )
  return 0
}

const ONE_RUN = `One run does not show how far nights lie apart without a cause, and the gate judges nothing without it: accept
several runs of the same versions (meshbench gate accept RUN RUN … --reason "…"), keep a history, or state it as night in gate.defaults.
`
