import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { INSTALLATION_SCHEMA, type Installation } from '../../src/model/installation.ts'
import { copyInstallations } from '../../src/store/installations.ts'
import { readRun } from '../../src/store/read-run.ts'
import { reopenRun } from '../../src/store/reopen-run.ts'
import { createRun } from '../../src/store/run-writer.ts'
import { exampleRun, folder } from './example.ts'

const installation: Installation = {
  ...{ schema: INSTALLATION_SCHEMA, arm: 'istio', mesh: 'istio-sidecar', version: '1.31.1', profile: 'equalised' },
  digest: 'a'.repeat(64),
  parts: [{ title: 'enrolment', digest: 'b'.repeat(64), objects: [], values: { labels: { x: 'y' } } }],
}
const FILE = `istio-${'a'.repeat(16)}.json`

async function written(root: string): Promise<string> {
  await using writer = await createRun(root, exampleRun())
  const event = { at: 1, type: 'installed', installation } as const
  await writer.write(event)
  // For every cohort again.
  await writer.write(event)
  return writer.dir
}

test('what was installed is written once, and read back', async () => {
  await using root = await folder()
  const dir = await written(root.path)
  expect(await readdir(join(dir, 'arms'))).toEqual([FILE])
  expect(await readRun(dir)).toMatchObject({ installations: [installation], unreadable: [] })
  const events = (await readFile(join(dir, 'events.jsonl'), 'utf8')).trim().split('\n')
  expect(JSON.parse(events[0] ?? '')).toEqual({ at: 1, type: 'installed', arm: 'istio', digest: installation.digest })
})

test('what a writer left half done is swept, and a file of another content is named', async () => {
  await using root = await folder()
  const dir = await written(root.path)
  await writeFile(join(dir, 'arms', '.half.json.12.tmp'), '{')
  const { writer } = await reopenRun(dir)
  await writer.close()
  expect(await readdir(join(dir, 'arms'))).toEqual([FILE])
  await writeFile(join(dir, 'arms', 'other.json'), JSON.stringify(installation))
  expect((await readRun(dir)).unreadable).toEqual([
    { file: 'arms/other.json', reason: 'its name does not fit what it says' },
  ])
})

test('shards that become one run share what is the same', async () => {
  await using root = await folder()
  const dir = await written(root.path)
  const to = join(root.path, 'merged')
  await mkdir(to)
  await copyInstallations(dir, to)
  await copyInstallations(dir, to)
  expect(await readdir(join(to, 'arms'))).toEqual([FILE])
})
