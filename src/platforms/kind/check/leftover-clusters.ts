import type { Finding, Leftover } from '../../../model/platform.ts'
import { ok, refusal, warning } from './finding.ts'

export async function leftoverFinding(leftovers: () => Promise<readonly Leftover[]>): Promise<Finding> {
  try {
    const dead = (await leftovers()).filter(({ alive }) => !alive)
    if (dead.length === 0) return ok('nothing is left of earlier runs')
    return warning(
      `left of earlier runs: ${dead.map(({ what }) => what).join(', ')}`,
      'It takes memory and CPU from what is measured.',
      'meshbench clean',
    )
  } catch (thrown) {
    return { ...refusal(thrown), severity: 'warning' }
  }
}
