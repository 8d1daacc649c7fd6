import { Failure } from '../../model/failure.ts'
import type { Arm } from '../../model/scenario.ts'
import type { Program } from '../../model/tool.ts'

/** One Envoy is resolved for a run; an arm that asks for another must not be measured under a wrong name. */
export function refuseOtherVersion(arm: Arm, envoy: Program): void {
  const resolved = envoy.provenance.version
  if (arm.version === undefined || arm.version.replace(/^v/, '') === resolved.replace(/^v/, '')) return
  throw new Failure('other-version', `arm ${arm.name} asks for Envoy ${arm.version}, and ${resolved} is what is here`, {
    cause: `It is ${envoy.path} (${envoy.provenance.origin}).`,
    fix: `Leave \`version\` out, or point MESHBENCH_ENVOY at an Envoy ${arm.version}.`,
  })
}
