import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Reading, Result } from '../../src/model/result.ts'
import { meshbench } from '../flow/surroundings.ts'
import { testFolder } from '../temporary-folder.ts'

/** A run of real proxies, judged with the baseline as the reference, and then with results that prove less. */
const RUN = 'local'
const CANDIDATE = 'envoy-sidecar'

let cwd = ''
const trials = () => join(cwd, 'results', RUN, 'trials')

beforeEach(() => {
  cwd = testFolder()
  cpSync(join('examples', RUN), join(cwd, 'results', RUN), {
    recursive: true,
    filter: (path) => !path.endsWith('report.html'),
  })
  writeFileSync(join(cwd, 'limits.yaml'), 'blocks: { minValid: 3 }\nmetrics: [p50, mesh-cpu]\n')
})

async function gate(): Promise<{ readonly code: number; readonly rules: readonly string[]; readonly said: string }> {
  const args = ['gate', '--reference', `${CANDIDATE}=none`, '--limits', 'limits.yaml', '--json']
  const { code, stdout } = await meshbench(args, { cwd })
  const findings: { rule: string; message: string }[] = JSON.parse(stdout).gate.findings
  return {
    code,
    rules: findings.map(({ rule }) => rule),
    said: findings.map(({ message }) => message).join('\n'),
  }
}

function read(name: string): Result {
  return JSON.parse(readFileSync(join(trials(), name), 'utf8'))
}

function change(arm: string, how: (reading: Reading) => Reading): void {
  for (const name of readdirSync(trials()).filter((one) => one.includes(`-${arm}-http`))) {
    const result = read(name)
    if (result.outcome.status === 'failed') continue
    const reading = how(result.outcome.reading)
    writeFileSync(join(trials(), name), JSON.stringify({ ...result, outcome: { status: 'measured', reading } }))
  }
}

const observe = (with_: Partial<Reading['observation']>) => (reading: Reading) => ({
  ...reading,
  observation: { ...reading.observation, ...with_ },
})

describe('a real run', () => {
  it('as it was measured proves the path of every arm', async () => {
    const { rules } = await gate()
    expect(rules).not.toContain('unproved-path')
    expect(rules).not.toContain('impossible-times')
    // It is older than the digests.
    expect(rules).toContain('no-digests')
  })

  it.each([
    [
      'outcomes of the baseline and the candidate are swapped',
      () => {
        for (const name of readdirSync(trials()).filter((one) => one.includes(`-${CANDIDATE}-http`))) {
          const other = name.replace(CANDIDATE, 'none')
          const [own, theirs] = [read(name), read(other)]
          writeFileSync(join(trials(), name), JSON.stringify({ ...own, outcome: theirs.outcome }))
          writeFileSync(join(trials(), other), JSON.stringify({ ...theirs, outcome: own.outcome }))
        }
      },
      'unproved-path',
      'no proxy used CPU',
    ],
    [
      'its evidence is emptied',
      () => change(CANDIDATE, observe({ evidence: [] })),
      'unproved-path',
      'mutual TLS is not proved',
    ],
    [
      'its proxies are missing from what was used',
      () =>
        change(CANDIDATE, (reading) => {
          const usage = reading.observation.usage.filter(({ role }) => !role.endsWith('-proxy'))
          return observe({ usage })(reading)
        }),
      // What proxies used is then foreign work, so no trial counts.
      'no-data',
      'noisy-neighbour',
    ],
    [
      'it was measured at another time',
      () => change(CANDIDATE, (reading) => ({ ...reading, startedAt: reading.startedAt + 3600 })),
      'impossible-times',
      'was measured at another time',
    ],
    [
      'its layer is another',
      () =>
        change(CANDIDATE, (reading) => {
          const evidence = reading.observation.evidence.map((one) =>
            one.name === 'layer' ? { ...one, seen: 'bytes (L4)' } : one,
          )
          return observe({ evidence })(reading)
        }),
      'unproved-path',
      'the layer is bytes (L4), not L7',
    ],
  ])('is not judged where %s', async (_, spoil, rule, said) => {
    spoil()
    const found = await gate()
    expect(found.code).toBe(12)
    expect(found.rules).toContain(rule)
    expect(found.said).toContain(said)
  })
})
