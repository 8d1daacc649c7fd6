import { beforeEach, describe, expect, it } from 'vitest'
import { ownIdentity } from '../../../src/host/processes.ts'
import { Failure } from '../../../src/model/failure.ts'
import type { Arm, Isolation } from '../../../src/model/scenario.ts'
import { makePlan } from '../../../src/plan/make-plan.ts'
import { type Records, records } from '../../../src/platforms/kind/cluster/cluster-record.ts'
import { network } from '../../../src/platforms/kind/cluster/network.ts'
import { CLUSTER_LABEL, nodesOf } from '../../../src/platforms/kind/cluster/nodes.ts'
import { ClusterPool } from '../../../src/platforms/kind/cluster-pool.ts'
import { thaw } from '../../../src/platforms/kind/freeze.ts'
import { makeOwn } from '../../../src/platforms/kind/provision.ts'
import type { ArmCluster, RunContext } from '../../../src/platforms/kind/run-context.ts'
import { parsed, written } from '../../scenario/written.ts'
import { testFolder } from '../../temporary-folder.ts'
import { opened } from '../opened.ts'
import { type FakeDocker, fakeDocker } from './fake-docker.ts'

const { signal } = new AbortController()
let dir: string
let docker: FakeDocker
let kept: Records
beforeEach(async () => {
  dir = testFolder()
  docker = fakeDocker()
  kept = records(dir)
})

interface About {
  readonly isolation?: Isolation
  readonly keep?: boolean
  readonly cohorts?: number
  readonly cohort?: number
  /** Throws where an arm is not to come up. */
  readonly stands?: (arm: Arm, tries: number) => void
}

/** A pool whose clusters are three containers each, and how often each arm's was tried to be made. */
function poolOf({ isolation = 'frozen', keep = false, cohorts = 1, cohort = 1, stands = () => {} }: About = {}) {
  const top = `isolation: ${isolation}\ncohorts: ${cohorts}`
  const plan = makePlan(parsed(written({ top, arms: '[none, { name: again, mesh: none }]' })))
  const cleared: string[] = []
  const images = { load: async () => {}, clear: async () => void cleared.push('cleared') }
  const runContext = {
    plan,
    run: 'a-run',
    docker,
    records: kept,
    network: network(dir),
    images,
    keep,
  } as unknown as RunContext
  const tries = new Map<string, number>()
  async function* stand(arm: Arm, number: number): AsyncGenerator<never, ArmCluster> {
    tries.set(arm.name, (tries.get(arm.name) ?? 0) + 1)
    stands(arm, tries.get(arm.name) ?? 0)
    const name = `meshbench-${arm.name}-c${number}`
    const nodes = nodesOf(name)
    for (const node of Object.values(nodes)) docker.add({ name: node, labels: { [CLUSTER_LABEL]: name } })
    await kept.write({ cluster: name, run: 'a-run', arm: arm.name, key: 'k', owner: ownIdentity(), kept: false })
    return { name, nodes, cluster: { close: async () => {} }, of: { arm }, origin: { madeAt: 'now' } } as never
  }
  const chosen = plan.cohorts[cohort - 1]
  if (!chosen) throw new Error('no such cohort')
  const arms = plan.scenario.arms as [Arm, Arm]
  return { pool: new ClusterPool(runContext, chosen, stand as never), runContext, tries, arms, cleared }
}

const statesOf = (name: string) => Object.values(nodesOf(name)).map((node) => docker.state(node))
const ALL = (state: string | undefined) => [state, state, state]
const boom = (message: string, code = 'no-cluster') => {
  throw new Failure(code, message)
}

describe('a cluster pool', () => {
  it('has every arm frozen from the start, and gives the space of archives back', async () => {
    const { pool, cleared } = poolOf()
    await opened(pool.provisionAll(signal))
    expect(statesOf('meshbench-none-c1')).toEqual(ALL('paused'))
    expect(statesOf('meshbench-again-c1')).toEqual(ALL('paused'))
    expect(await pool.toPutDown('none')).toBeUndefined()
    expect(cleared).toEqual(['cleared'])
  })

  it('tries twice, then fails the arm for good', async () => {
    const { pool, tries, arms } = poolOf({ stands: ({ name }) => name === 'none' && boom('no room') })
    await opened(pool.provisionAll(signal))
    expect(Object.fromEntries(tries)).toEqual({ none: 2, again: 1 })
    await expect(opened(pool.of(arms[0], signal))).rejects.toThrow('no room')
    expect(tries.get('none')).toBe(2)
    expect((await opened(pool.of(arms[1], signal))).name).toBe('meshbench-again-c1')
  })

  it('goes on where the second try comes up, and tries nothing twice that cannot ever work', async () => {
    const { pool, tries, arms } = poolOf({
      stands: ({ name }, count) =>
        name === 'none' ? count === 1 && boom('busy') : boom('cannot be installed', 'unsupported'),
    })
    await opened(pool.provisionAll(signal))
    expect(Object.fromEntries(tries)).toEqual({ none: 2, again: 1 })
    expect((await opened(pool.of(arms[0], signal))).name).toBe('meshbench-none-c1')
  })

  it('tries a sequential arm at two visits, then no more', async () => {
    const { pool, tries, arms } = poolOf({ isolation: 'sequential', stands: () => boom('no room') })
    for (let visit = 0; visit < 4; visit++) await expect(opened(pool.of(arms[0], signal))).rejects.toThrow('no room')
    expect(tries.get('none')).toBe(2)
  })

  it('lets no arm run on that cannot be frozen', async () => {
    docker.failing.set('pause', 'no freezer')
    const { pool, arms } = poolOf()
    await opened(pool.provisionAll(signal))
    expect(statesOf('meshbench-none-c1')).toEqual(ALL(undefined))
    expect(await kept.all()).toEqual([])
    await expect(opened(pool.of(arms[0], signal))).rejects.toThrow('no freezer')
  })

  it('ends the run where such an arm cannot be removed either', async () => {
    docker.failing.set('pause', 'no freezer').set('remove', 'no remover')
    const { pool } = poolOf()
    await expect(opened(pool.provisionAll(signal))).rejects.toMatchObject({ code: 'not-clean', why: 'no remover' })
  })

  it('thaws what was frozen in part', async () => {
    const { pool, arms, runContext } = poolOf()
    await opened(pool.provisionAll(signal))
    docker.add({ name: 'meshbench-none-c1-worker', state: 'running' })
    const armCluster = await opened(pool.of(arms[0], signal))
    expect((await pool.toPutDown('none'))?.name).toBe('meshbench-none-c1')
    docker.failing.set('unpause', 'busy')
    await expect(thaw(armCluster, runContext)).rejects.toThrow('busy')
    docker.failing.delete('unpause')
    await thaw(armCluster, runContext)
    expect(statesOf('meshbench-none-c1')).toEqual(ALL('running'))
  })

  it('makes a cluster anew when a node has died', async () => {
    const { pool, arms, tries } = poolOf()
    await opened(pool.provisionAll(signal))
    docker.add({ name: 'meshbench-none-c1-worker', state: 'exited' })
    await opened(pool.of(arms[0], signal))
    expect(tries.get('none')).toBe(2)
    expect(statesOf('meshbench-none-c1')).toEqual(ALL('running'))
  })

  it('lets nothing run on of a cluster that has lost a node', async () => {
    const { pool, arms, runContext } = poolOf()
    await opened(pool.provisionAll(signal))
    await thaw(await opened(pool.of(arms[0], signal)), runContext)
    docker.add({ name: 'meshbench-none-c1-worker', state: 'exited', labels: { [CLUSTER_LABEL]: 'meshbench-none-c1' } })
    expect(await pool.toPutDown('none')).toBeUndefined()
    expect(statesOf('meshbench-none-c1')).toEqual(ALL(undefined))
    expect((await kept.all()).map(({ arm }) => arm)).toEqual(['again'])
  })

  it('leaves nothing', async () => {
    const { pool } = poolOf()
    await opened(pool.provisionAll(signal))
    await pool[Symbol.asyncDispose]()
    expect([...statesOf('meshbench-none-c1'), ...statesOf('meshbench-again-c1')]).toEqual(Array(6).fill(undefined))
    expect(await kept.all()).toEqual([])
  })
})

describe('a cluster pool that is kept', () => {
  it('stands frozen, marked for the next run; without those that have lost a node', async () => {
    const { pool } = poolOf({ keep: true })
    await opened(pool.provisionAll(signal))
    docker.add({
      name: 'meshbench-again-c1-worker',
      state: 'exited',
      labels: { [CLUSTER_LABEL]: 'meshbench-again-c1' },
    })
    await pool[Symbol.asyncDispose]()
    expect(statesOf('meshbench-none-c1')).toEqual(ALL('paused'))
    expect((await kept.all()).map(({ cluster, kept }) => [cluster, kept])).toEqual([['meshbench-none-c1', true]])
    expect(statesOf('meshbench-again-c1')).toEqual(ALL(undefined))
  })

  it('is only the last cohort', async () => {
    for (const cohort of [1, 2]) {
      const { pool } = poolOf({ keep: true, cohorts: 2, cohort })
      await opened(pool.provisionAll(signal))
      await pool[Symbol.asyncDispose]()
    }
    expect((await kept.all()).map(({ cluster }) => cluster).toSorted()).toEqual([
      'meshbench-again-c2',
      'meshbench-none-c2',
    ])
  })

  it('is shared out among arms of one key: two who ask at once get two clusters', async () => {
    const { pool } = poolOf({ keep: true })
    await opened(pool.provisionAll(signal))
    await pool[Symbol.asyncDispose]()
    const runContext = { records: kept, run: 'next-run' }
    const take = async (name: string) => {
      for (const { cluster } of (await kept.all()).filter(({ kept }) => kept)) {
        if (await makeOwn(cluster, { arm: { name, mesh: 'none' } }, runContext)) return cluster
      }
      return undefined
    }
    const taken = await Promise.all(['a', 'b', 'c'].map(take))
    expect(taken.toSorted()).toEqual(['meshbench-again-c1', 'meshbench-none-c1', undefined])
    expect((await kept.all()).every(({ run, kept }) => run === 'next-run' && !kept)).toBe(true)
  })
})
