import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { processIds } from '../../../src/host/processes.ts'
import { Failure } from '../../../src/model/failure.ts'
import { statOf } from '../../../src/platforms/local/proc.ts'
import { firstDeath, startChild } from '../../../src/platforms/local/processes-of-arm.ts'
import { sharedFolder } from '../../temporary-folder.ts'

const dir = sharedFolder()

const start = (script: string, program = '/bin/sh') =>
  startChild({
    ...{ name: 'child', program, argv: ['-c', script], cwd: dir, log: join(dir, `${Math.random()}.log`) },
    env: { PATH: '/usr/bin:/bin' },
  })

describe.runIf(process.platform === 'linux')('a child', () => {
  it('leads a group of its own, which ends with it, grandchildren included', async () => {
    const child = await start('sleep 30 & sleep 30')
    expect(statOf(child.pid)?.group).toBe(child.pid)
    expect(child.end()).toBeUndefined()
    await child.stop()
    expect(child.end()?.signal).toBe('SIGTERM')
    const members = processIds()
      .flatMap((pid) => statOf(pid) ?? [])
      .filter(({ group }) => group === child.pid)
    // A zombie has ended: it only waits for init to notice.
    expect(members.filter(({ state }) => state !== 'Z')).toEqual([])
  })

  it('is killed where it does not listen', async () => {
    const child = await start('trap "" TERM; : > deaf; while :; do sleep 30; done')
    await expect.poll(() => existsSync(join(dir, 'deaf'))).toBe(true)
    await child.stop()
    expect(child.end()?.signal).toBe('SIGKILL')
  })

  it('that dies is named, with how it ended and what it said last', async () => {
    const child = await start('echo one; echo two >&2; exit 3')
    const death = firstDeath([child])
    await child.ended
    await child.stop()
    const failure = death.reason as Failure
    expect(failure).toBeInstanceOf(Failure)
    expect(failure.message).toBe(`child (process ${child.pid}) ended with exit code 3 during the visit`)
    expect(failure.why).toBe('Its last log lines: one\ntwo')
  })

  it('that cannot be started is a failure with a remedy', async () => {
    await expect(start('', join(dir, 'nothing'))).rejects.toMatchObject({
      code: 'not-started',
      remedy: expect.stringContaining('meshbench doctor'),
    })
  })
})
