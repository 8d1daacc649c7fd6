import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { identityOf, ownIdentity, stillRuns } from '../../src/host/processes.ts'

describe('the identity of a process', () => {
  it('is kept while the process runs, and gone with it', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
    await once(child, 'spawn')
    const identity = identityOf(child.pid as number)
    expect(identity).toMatchObject({ pid: child.pid })
    expect(stillRuns(identity as NonNullable<typeof identity>)).toBe(true)
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(stillRuns(identity as NonNullable<typeof identity>)).toBe(false)
    expect(identityOf(child.pid as number)).toBeUndefined()
  })

  it('tells a later process with the same number', () => {
    const own = ownIdentity()
    expect(stillRuns(own)).toBe(true)
    expect(stillRuns({ ...own, start: '1' })).toBe(own.start === '')
  })

  it('knows numbers that are none', () => {
    for (const pid of [0, -1, 1.5, Number.NaN, 2 ** 30]) expect(identityOf(pid)).toBeUndefined()
  })
})
