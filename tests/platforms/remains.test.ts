import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { OWNER_STAMP, RUN_STAMP } from '../../src/host/processes.ts'
import type { Leftover } from '../../src/model/platform.ts'
import { local } from '../../src/platforms/local/local.ts'
import { removeRemains } from '../../src/platforms/remains.ts'
import { cohort, loadOf, planOf } from './local/scene.ts'
import { opened } from './opened.ts'

describe('what the killed part of a run left', () => {
  it('is removed before the run goes on, and nothing of others', async () => {
    const removed: string[] = []
    const leftover = (what: string, more: Partial<Leftover> = {}): Leftover => ({
      ...{ run: 'own', what, alive: false },
      ...{ remove: async () => void removed.push(what) },
      ...more,
    })
    const all = [
      leftover('dead'),
      leftover('alive', { alive: true }),
      leftover('kept', { spared: 'kept' }),
      leftover('of another run', { run: 'other' }),
    ]
    await opened(removeRemains(async () => all, 'own'))
    expect(removed).toEqual(['dead'])
  })

  it.runIf(process.platform === 'linux')('is removed on local: a server of a process that is gone', async () => {
    const run = `remains-${process.pid}`
    const env = { [RUN_STAMP]: run, [OWNER_STAMP]: '1:1' }
    const server = spawn('sleep', ['60'], { env: { ...process.env, ...env }, stdio: 'ignore' })
    const ended = once(server, 'exit')
    const plan = planOf([{ name: 'none', mesh: 'none' }], [loadOf('http')])
    const steps = local().open(plan, cohort, { id: run }, new AbortController().signal)
    expect((await steps.next()).value).toEqual({
      title: `removing a leftover of this run: process ${server.pid} (sleep)`,
    })
    expect((await steps.next()).value).toEqual({ title: 'issuing certificates' })
    expect((await ended)[1]).toBe('SIGKILL')
    await steps.return(undefined as never)
  })
})
