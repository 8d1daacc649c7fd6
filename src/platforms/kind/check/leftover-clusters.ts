import { type Finding, isAbandoned, type Leftover } from '../../../model/platform.ts'
import { formatSize } from '../../../model/units.ts'
import { ok, refusal, warning } from './finding.ts'
import type { Readers } from './readers.ts'

export async function leftoverFindings({
  leftovers,
  keptMemory,
}: Pick<Readers, 'leftovers' | 'keptMemory'>): Promise<Finding[]> {
  try {
    const found = await leftovers()
    return [deadFinding(found), ...(await keptFinding(found, keptMemory)), ...strangerFinding(found)]
  } catch (thrown) {
    return [{ ...refusal(thrown), severity: 'warning' }]
  }
}

function deadFinding(found: readonly Leftover[]): Finding {
  const dead = found.filter(isAbandoned)
  if (dead.length === 0) return ok('nothing is left of earlier runs')
  return warning(
    `left of earlier runs: ${dead.map(({ what }) => what).join(', ')}`,
    'It takes memory and CPU from what is measured.',
    'meshbench clean',
  )
}

async function keptFinding(found: readonly Leftover[], memory: Readers['keptMemory']): Promise<Finding[]> {
  const count = found.filter(({ spared }) => spared === 'kept').length
  if (count === 0) return []
  const bytes = await memory()
  const size = bytes === undefined ? '' : `, ${formatSize(bytes)} of memory`
  const clusters = count === 1 ? '1 kept cluster' : `${count} kept clusters`
  return [ok(`${clusters}${size}: for the next run of the same arms; \`meshbench clean --kept\` removes them`)]
}

function strangerFinding(found: readonly Leftover[]): Finding[] {
  const strangers = found.filter(({ spared }) => spared === 'unrecorded')
  if (strangers.length === 0) return []
  return [
    warning(
      `named like ours: ${strangers.map(({ what }) => what).join(', ')}`,
      'If nobody needs it, it takes memory and CPU from what is measured.',
      'meshbench clean --all',
    ),
  ]
}
