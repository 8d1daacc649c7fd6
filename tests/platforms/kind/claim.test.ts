import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { ownIdentity } from '../../../src/host/processes.ts'
import { meshes } from '../../../src/meshes/index.ts'
import { type ClusterRecord, claimFile, records } from '../../../src/platforms/kind/cluster/cluster-record.ts'
import { outlived } from '../../../src/platforms/kind/provision.ts'
import { testFolder } from '../../temporary-folder.ts'

const DEAD = { pid: 2 ** 30, start: '1' }
let dir: string
beforeEach(async () => {
  dir = testFolder()
})

const record: ClusterRecord = { cluster: 'c', run: 'r', arm: 'none', key: 'k', owner: ownIdentity(), kept: true }

describe('a claim', () => {
  it('is one task’s only, however many ask at once', async () => {
    const asked = await Promise.all(Array.from({ length: 20 }, () => claimFile(join(dir, 'c.json')).take()))
    expect(asked.filter(Boolean)).toHaveLength(1)
    expect(await readdir(dir)).toEqual(['c.json.claim-1'])
  })

  it('can be had again once it is given up', async () => {
    const claim = claimFile(join(dir, 'c.json'))
    expect([await claim.take(), await claim.take()]).toEqual([true, false])
    await claim.release()
    expect(await claim.take()).toBe(true)
  })

  it('of a dead process passes to one, and leaves nothing when that one is done', async () => {
    await writeFile(join(dir, 'c.json.claim-1'), JSON.stringify(DEAD))
    const claims = Array.from({ length: 20 }, () => claimFile(join(dir, 'c.json')))
    const asked = await Promise.all(claims.map((claim) => claim.take()))
    expect(asked.filter(Boolean)).toHaveLength(1)
    await claims[asked.indexOf(true)]?.release()
    expect(await readdir(dir)).toEqual([])
  })
})

describe('claiming a cluster', () => {
  it('gives its record as it is now, and nothing where it is not kept any more', async () => {
    const kept = records(dir)
    await kept.write(record)
    const claimed = await kept.claim('c')
    expect(claimed?.record).toEqual(record)
    expect(await kept.claim('c')).toBeUndefined()
    await kept.write({ ...record, kept: false })
    await claimed?.release()
    expect(await kept.claim('c')).toBeUndefined()
    expect(await readdir(dir)).toEqual(['c.json'])
  })

  it('goes with the record', async () => {
    const kept = records(dir)
    await kept.write(record)
    await kept.claim('c')
    await kept.forget('c')
    expect(await readdir(dir)).toEqual([])
  })
})

describe('a kept cluster', () => {
  const day = { what: 'workload certificates', lifetime: 24 * 3600 }
  const made = { at: '2026-01-01T00:00:00.000Z', run: 'r' }
  const aged = (hours: number) => Date.parse(made.at) + hours * 3_600_000

  it('is too old once half of its certificates’ life is over', () => {
    expect(outlived(day, { made }, aged(11.9))).toBeUndefined()
    expect(outlived(day, { made }, aged(12.1))).toMatch(/made 12 h 06 min ago, and workload certificates live for 24 h/)
    expect(outlived(day, {}, aged(0))).toMatch(/creation time is unknown/)
  })

  it('without certificates does not age', () => {
    expect(outlived(undefined, { made }, aged(10_000))).toBeUndefined()
    expect(meshes['none']?.kubernetes?.certificates).toBeUndefined()
  })

  it('of every mesh with mutual TLS has certificates that end', () => {
    for (const { encryption, kubernetes } of Object.values(meshes)) {
      if (encryption === 'mtls' && kubernetes) expect(kubernetes.certificates?.lifetime).toBeGreaterThan(0)
    }
  })
})
