import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { makeScratch, scratchLeftovers } from '../../src/host/scratch.ts'

const MODULE = join(import.meta.dirname, '../../src/host/scratch.ts')
let base = ''

/** A home folder and two TMPDIRs of this test alone. */
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'test-scratch-'))
  for (const name of ['data', 'one', 'two']) mkdirSync(join(base, name))
  vi.stubEnv('XDG_DATA_HOME', join(base, 'data'))
  vi.stubEnv('TMPDIR', join(base, 'one'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(base, { recursive: true })
})

const recordsOf = () => readdirSync(join(base, 'data', 'meshbench', 'scratch'))

/** A process that makes a scratch folder with a key in it, and is killed. */
async function killed(env: Readonly<Record<string, string>> = {}): Promise<string> {
  const script = `
    import { makeScratch } from ${JSON.stringify(MODULE)}
    import { writeFileSync } from 'node:fs'
    const { dir } = await makeScratch('a-run')
    writeFileSync(dir + '/key.pem', 'secret')
    console.log(dir)
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { env: { ...process.env, ...env } })
  const [text] = await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'exit')
  return String(text).trim()
}

test('a folder of another TMPDIR is found after a kill, and goes with its key and its record', async () => {
  const dir = await killed({ TMPDIR: join(base, 'two') })
  expect(dir.startsWith(join(base, 'two'))).toBe(true)
  const [found, ...others] = scratchLeftovers()
  expect(found).toMatchObject({ run: 'a-run', alive: false, what: `folder ${dir}` })
  expect(others).toEqual([])
  await found?.remove()
  expect(existsSync(dir)).toBe(false)
  expect(recordsOf()).toEqual([])
})

test('a folder of a process that was killed before it wrote its owner is found too', async () => {
  const dir = await killed()
  rmSync(join(dir, 'owner'))
  expect(scratchLeftovers()).toMatchObject([{ run: 'a-run', alive: false, what: `folder ${dir}` }])
})

test('one without a record is found in this TMPDIR, once', async () => {
  const dir = await killed()
  expect(scratchLeftovers()).toHaveLength(1)
  rmSync(join(base, 'data'), { recursive: true })
  expect(scratchLeftovers()).toMatchObject([{ run: 'a-run', what: `folder ${dir}` }])
})

test('a folder is its user’s alone, and leaves no record when it goes', async () => {
  const scratch = await makeScratch('a-run')
  expect(statSync(scratch.dir).mode & 0o777).toBe(0o700)
  expect(scratchLeftovers()).toMatchObject([{ run: 'a-run', alive: true }])
  await scratch.remove()
  expect(scratchLeftovers()).toEqual([])
  expect(recordsOf()).toEqual([])
})

test('a record of a folder that is gone goes with the next run', async () => {
  rmSync(await killed(), { recursive: true })
  expect(scratchLeftovers()).toEqual([])
  expect(recordsOf()).toHaveLength(1)
  const scratch = await makeScratch('b-run')
  expect(recordsOf()).toHaveLength(1)
  await scratch.remove()
})

test('a record that names another folder than its own is not followed', async () => {
  const precious = join(base, 'precious')
  mkdirSync(precious)
  const scratch = await makeScratch('a-run')
  const [name] = recordsOf()
  const text = `MESHBENCH_RUN=a-run\0MESHBENCH_OWNER=1:1\0MESHBENCH_SCRATCH=${precious}\0`
  writeFileSync(join(base, 'data', 'meshbench', 'scratch', String(name)), text)
  expect(scratchLeftovers().map(({ what }) => what)).not.toContain(`folder ${precious}`)
  await scratch.remove()
})

test('without a home folder a run goes on', async () => {
  writeFileSync(join(base, 'file'), '')
  vi.stubEnv('XDG_DATA_HOME', join(base, 'file'))
  const scratch = await makeScratch('a-run')
  expect(scratchLeftovers()).toMatchObject([{ run: 'a-run', alive: true }])
  await scratch.remove()
  expect(existsSync(scratch.dir)).toBe(false)
})
