import { resolve } from 'node:path'
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

/** `meshbench gate accept`: makes a run the pinned reference of later ones, and keeps why. */
export async function gateAcceptCommand(
  [given]: readonly string[],
  options: AcceptOptions,
  { cwd, stdout }: Surroundings,
): Promise<number> {
  const reason = options.reason?.trim()
  if (!reason) {
    throw new Failure('usage', 'a reference is accepted for a reason', {
      fix: 'Give it: --reason "istio 1.28.1 is out".',
    })
  }
  const analysis = await analysisOf(await findRun(resolve(cwd, options.results), given))
  const { gate } = analysis.record.run.plan.scenario
  const file = resolve(cwd, options.output ?? gate?.pinned ?? 'reference.json')
  const pinned = accept(analysis, { reason, at: new Date().toISOString() })
  await writePinned(file, pinned)
  const { id } = analysis.record.run
  const cells = Object.keys(pinned.cells).length
  stdout.write(
    options.json
      ? `${JSON.stringify({ schema: 1, command: 'gate accept', run: id, file, cells, reason }, null, 2)}\n`
      : `${file}: ${id} is the reference now, with ${cells} cells\n`,
  )
  return 0
}
