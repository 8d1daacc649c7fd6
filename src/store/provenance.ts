import { version } from '../host/version.ts'
import type { Provided } from '../model/platform.ts'
import type { Provenance } from '../model/result.ts'
import { gitProvenance } from './git-provenance.ts'
import { machineProvenance } from './machine-provenance.ts'

export interface Circumstances {
  readonly platform: string
  readonly provided: Provided
  /** The command line, from the program's own name on. */
  readonly argv: readonly string[]
  readonly cwd: string
}

/** What a reader needs to judge and to repeat a run: taken before its first trial. */
export async function collectProvenance({ platform, provided, argv, cwd }: Circumstances): Promise<Provenance> {
  const git = await gitProvenance(cwd)
  return {
    meshbench: version(),
    node: process.version,
    commandLine: [...argv],
    ...(git === undefined ? {} : { git }),
    machine: machineProvenance(),
    platform,
    ...(provided.caveat === undefined ? {} : { caveat: provided.caveat }),
    tools: [...provided.tools],
  }
}
