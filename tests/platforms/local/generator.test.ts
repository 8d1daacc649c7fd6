import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Command } from '../../../src/model/platform.ts'
import { type GeneratorRun, runGenerator } from '../../../src/platforms/local/generator.ts'
import { allowedCpus, hostAffinity } from '../../../src/platforms/local/pin.ts'
import { cpuSeconds, NO_CPU } from '../../../src/platforms/local/proc.ts'
import { sharedFolder } from '../../temporary-folder.ts'

const dir = sharedFolder()

/** Any program will do: a shell script plays the generator. */
async function run(script: string, more: Partial<Command> = {}, signal = new AbortController().signal, cpus?: string) {
  const runs: GeneratorRun[] = []
  const execution = await runGenerator({
    command: { program: 'fortio', argv: ['-c', script], within: 5, ...more },
    program: '/bin/sh',
    env: { PATH: '/usr/bin:/bin' },
    cwd: dir,
    signal,
    cpus,
    started: (one) => runs.push(one),
  })
  return { ...execution, used: cpuSeconds(NO_CPU, runs[0]?.cpu() ?? NO_CPU) }
}

describe.runIf(process.platform === 'linux')('a generator', () => {
  it('gives back its output, and its exit code as a value', async () => {
    const { exitCode, stdout, stderr, startedAt, endedAt } = await run('echo out; echo err >&2; exit 7')
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 7, stdout: 'out\n', stderr: 'err\n' })
    expect(endedAt).toBeGreaterThan(startedAt)
  })

  it('finds its files, leaves its outputs to be read more than once, and is tidied up after', async () => {
    const input = join(dir, 'input')
    const output = join(dir, 'output')
    const files = { [input]: 'content' }
    const execution = await run('cat input > output', { files, outputs: { log: output, none: join(dir, 'none') } })
    const read = async (name: string) => {
      const chunks: Uint8Array[] = []
      for await (const chunk of execution.read(name)) chunks.push(chunk)
      return Buffer.concat(chunks).toString()
    }
    expect([await read('log'), await read('log'), await read('none')]).toEqual(['content', 'content', ''])
    await execution.discard()
    expect(readdirSync(dir)).toEqual([])
  })

  it('is stopped when it takes too long', async () => {
    const { exitCode, stderr } = await run('trap "echo interrupted >&2; exit 0" INT; sleep 30 >/dev/null 2>&1 & wait', {
      // Long enough for a shell to set its trap beside other work.
      within: 1,
    })
    expect(exitCode).toBe(124)
    expect(stderr).toBe('interrupted\n\nstopped: it was still running after 1 s')
  })

  it('ends with the reason when the signal is aborted', async () => {
    const control = new AbortController()
    setTimeout(() => control.abort(new Error('enough')), 100)
    await expect(run('exec sleep 30', {}, control.signal)).rejects.toThrow('enough')
  })

  it('is accounted for after its end', async () => {
    const { used, stdout } = await run('i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done; cat /proc/$$/stat')
    const [utime, stime] = stdout.split(' ').slice(13, 15).map(Number) as [number, number]
    expect(used).toBeGreaterThanOrEqual((utime + stime) / 100 - 0.02)
    expect(used).toBeLessThan((utime + stime) / 100 + 0.1)
    expect(used).toBeGreaterThan(0.02)
  })

  it.runIf(hostAffinity().seen !== 'not pinned: taskset is not installed')(
    'stays on the CPUs it is given',
    async () => {
      const cpu = String(allowedCpus()[0])
      const { stdout } = await run('grep Cpus_allowed_list /proc/self/status', {}, undefined, cpu)
      expect(stdout.trim().split(/\s+/)).toEqual(['Cpus_allowed_list:', cpu])
    },
  )

  it('cannot be started from nowhere', async () => {
    const { exitCode, stderr } = await runGenerator({
      command: { program: 'k6', argv: [], within: 5 },
      program: '/nowhere/k6',
      env: {},
      cwd: dir,
      signal: new AbortController().signal,
      started: () => {},
    })
    expect(exitCode).toBe(127)
    expect(stderr).toContain('/nowhere/k6')
  })
})
