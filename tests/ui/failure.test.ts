import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Failure } from '../../src/model/failure.ts'
import { failureText, findingsText } from '../../src/ui/failure-text.ts'
import { plain } from './example.ts'

test('what, why, and what to do', () => {
  const failure = new Failure(
    'disk-full',
    'the disk is full: results/2026-11-22T1034-quick-k3f9 could not be written',
    {
      cause: new Error('ENOSPC: no space left on device, write'),
      remedy:
        'Free some space on it. Finished trials are kept; go on with: meshbench run --resume 2026-11-22T1034-quick-k3f9',
    },
  )
  expect(failureText(failure.toData(), plain)).toMatchInlineSnapshot(`
    "error: the disk is full: results/2026-11-22T1034-quick-k3f9 could not be written
      why: ENOSPC: no space left on device, write
      fix: Free some space on it. Finished trials are kept; go on with: meshbench run --resume 2026-11-22T1034-quick-k3f9"
  `)
  expect(failureText({ code: 'x', message: 'it was slow' }, plain, 'warning')).toBe('warning: it was slow')
})

test('what a check found', () => {
  expect(
    findingsText(
      [
        { severity: 'ok', message: 'fortio 1.68.0' },
        {
          severity: 'warning',
          message: 'the governor is powersave',
          cause: 'Latency then depends on load.',
          remedy: 'Set it to performance.',
        },
        { severity: 'error', message: 'envoy is missing', remedy: 'Install it.' },
      ],
      plain,
    ),
  ).toMatchInlineSnapshot(`
    "ok       fortio 1.68.0
    warning  the governor is powersave
             why: Latency then depends on load.
             fix: Set it to performance.
    error    envoy is missing
             fix: Install it.
    "
  `)
})

test('what a signal ended says so, whoever threw it', async () => {
  const interruption = new Failure('interrupted', 'stopped by SIGINT')
  const signal = AbortSignal.abort(interruption)
  const waited: unknown = await sleep(1000, undefined, { signal }).catch((error) => error)
  expect(waited).not.toBe(interruption)
  for (const error of [waited, new Failure('download', 'fortio cannot be fetched', { cause: waited })]) {
    expect(Failure.from(error)).toBe(interruption)
    expect(Failure.from(error).exitCode).toBe(130)
  }
  const other = new Failure('download', 'fortio cannot be fetched', { cause: new Error('no route') })
  expect(Failure.from(other)).toBe(other)
})
