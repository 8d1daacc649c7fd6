import type { Finding } from '../../../model/platform.ts'
import type { Seconds } from '../../../model/units.ts'
import type { DockerInfo } from '../docker.ts'
import { isWsl } from './daemon.ts'
import { ok, warning } from './finding.ts'
import type { Readers } from './readers.ts'

/** The answer of a busy daemon takes up to a second. */
const APART: Seconds = 2

/** A clock of WSL falls behind while Windows sleeps. */
const FIX_IN_WSL = 'sudo hwclock --hctosys; or, in Windows: wsl --shutdown'

/** `asked` and `answered`: this machine's clock before and after the daemon told its own. */
export async function clockFinding(
  { time, kernel }: DockerInfo,
  { clockIsSynchronised }: Pick<Readers, 'clockIsSynchronised'>,
  asked: Seconds,
  answered: Seconds,
): Promise<Finding> {
  const apart = time === undefined ? 0 : Math.max(asked - time, time - answered)
  if (apart > APART) {
    return warning(
      `the clock of Docker's machine is ${Math.round(apart)} s off`,
      'Certificates of a mesh may not be valid yet, and times in results do not fit together.',
      isWsl(kernel) ? FIX_IN_WSL : 'Restart Docker Desktop, or set the clock: sudo timedatectl set-ntp true',
    )
  }
  if ((await clockIsSynchronised()) === false) {
    return warning(
      'the clock follows no time server',
      'A clock that is put right by hand during a trial makes the trial invalid.',
      isWsl(kernel) ? FIX_IN_WSL : 'sudo timedatectl set-ntp true',
    )
  }
  return ok('clocks agree')
}
