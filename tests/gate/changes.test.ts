import { describe, expect, it } from 'vitest'
import { changesBetweenArms } from '../../src/gate/changes.ts'
import { recordOf } from '../build/run.ts'
import { scenarioOf, sidecar } from '../build/scenario.ts'

const reference = { ...sidecar, name: 'envoy-sidecar-ref' }
const pairs = [{ arm: sidecar.name, reference: reference.name }]

/** As platforms/local writes it. */
const identity = (connections: number, handshakes: number, refused = 0) =>
  `${connections} connections came with the one SPIFFE id that is admitted, 0 with another; the sending side checked the ` +
  `accepting side's in ${handshakes} handshakes; ${refused} certificates refused.`

function changesOf(seen: Record<string, string>, before: Record<string, string>, arm = sidecar) {
  const record = recordOf(scenarioOf({ arms: [reference, arm], cohorts: 1, blocks: 1 }), (trial) => {
    const facts = Object.entries(trial.arm === reference.name ? before : seen)
    return { observation: { evidence: facts.map(([name, text]) => ({ name, seen: text, source: 'counters' })) } }
  })
  return changesBetweenArms(record, pairs)
}

describe('what is not the same of a candidate and its reference', () => {
  it('are settings and what was seen of them', () => {
    const next = { ...sidecar, version: '1.41' }
    expect(changesOf({ threads: '4 worker threads' }, { threads: '2 worker threads' }, next)).toEqual([
      {
        what: 'configuration of envoy-sidecar',
        reference: 'mesh envoy-sidecar',
        candidate: 'mesh envoy-sidecar, version 1.41',
      },
      { what: 'threads of envoy-sidecar', reference: '2 worker threads', candidate: '4 worker threads' },
    ])
    expect(changesOf({ image: 'a' }, {})).toEqual([
      { what: 'image of envoy-sidecar', reference: 'none', candidate: 'a' },
    ])
  })

  it('is not what differs from window to window', () => {
    expect(changesOf({ path: '300 requests' }, { path: '302 requests' })).toEqual([])
    expect(changesOf({ identity: identity(19, 1) }, { identity: identity(20, 21) })).toEqual([])
  })

  it('is an identity that was refused, or shown by nobody', () => {
    expect(changesOf({ identity: identity(19, 19, 2) }, { identity: identity(19, 19) })).toHaveLength(1)
    expect(changesOf({ identity: identity(0, 0) }, { identity: identity(19, 19) })).toHaveLength(1)
  })
})
