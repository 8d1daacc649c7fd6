import { createHash } from 'node:crypto'
import { appendFile, readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { locate, locateWithNotes } from '../../src/tools/locate.ts'
import { obtain } from '../../src/tools/obtain.ts'
import { catalogue, drain, failureOf, fakeGo, workshop } from './workshop.ts'

test('finds nothing where nothing is', async () => {
  await using shop = await workshop()
  expect(await locateWithNotes('fortio', shop)).toEqual({ notes: [] })
})

test('a configured path comes before PATH', async () => {
  await using shop = await workshop()
  const mine = await shop.script('mine/fortio', 'echo 1.69.2')
  await shop.script('bin/fortio', 'echo 1.68.0')
  const program = await locate('fortio', { ...shop, env: { ...shop.env, MESHBENCH_FORTIO: mine } })
  expect(program).toEqual({
    name: 'fortio',
    path: mine,
    provenance: { name: 'fortio', version: '1.69.2', origin: 'configured' },
  })
})

test.each([
  ['absent', undefined, 'not found'],
  ['broken', 'echo no such library >&2; exit 3', 'no such library'],
  ['silent about its version', 'echo hello', '“hello”'],
  ['too old', 'echo 1.3.1', 'it is version 1.3.1, not 1.60.0 or newer, below 2.0.0'],
])('a configured path that is %s is a failure, though PATH has a good one', async (_, line, why) => {
  await using shop = await workshop()
  await shop.script('bin/fortio', 'echo 1.68.0')
  const path = line === undefined ? shop.path('nowhere') : await shop.script('mine/fortio', line)
  const failure = await failureOf(locate('fortio', { ...shop, env: { ...shop.env, MESHBENCH_FORTIO: path } }))
  expect(failure).toMatchObject({ code: 'program-unusable', remedy: expect.stringContaining('MESHBENCH_FORTIO') })
  expect(failure).toHaveProperty('message', `MESHBENCH_FORTIO names ${path}, which cannot be used as fortio.`)
  expect(failure).toHaveProperty('why', expect.stringContaining(why))
})

test('a wrong version on PATH is passed over with a note, and the next on PATH is used', async () => {
  await using shop = await workshop()
  const old = await shop.script('bin/envoy', 'echo "envoy  version: abc/1.39.1/Clean/RELEASE/BoringSSL"')
  const good = await shop.script('more/envoy', 'echo "envoy  version: abc/1.40.7/Clean/RELEASE/BoringSSL"')
  const env = { ...shop.env, PATH: `${shop.path('bin')}:${shop.path('more')}` }
  const { program, notes } = await locateWithNotes('envoy', { ...shop, env })
  expect(program).toMatchObject({ path: good, provenance: { version: '1.40.7', origin: 'path' } })
  expect(notes).toEqual([`${old} on PATH is not used: it is version 1.39.1, not 1.40.0 or newer, below 1.41.0`])
})

test('the digest is that of a binary; a script that starts the program has none', async () => {
  await using shop = await workshop()
  const ask = { argv: ['-c', 'echo kind v0.33.0'], pattern: /v([\d.]+)/ }
  const env = { ...shop.env, MESHBENCH_KIND: '/bin/sh' }
  const program = await locate('kind', { ...shop, env, catalogue: catalogue({ kind: { ask } }) })
  const sha256 = createHash('sha256')
    .update(await readFile('/bin/sh'))
    .digest('hex')
  expect(program?.provenance).toEqual({ name: 'kind', version: '0.33.0', origin: 'configured', sha256 })
})

test.each([
  ['k6', 'k6 v1.8.1 (go1.26.8, linux/amd64)', '1.8.1'],
  ['kind', 'kind v0.33.0 go1.26.8 linux/amd64', '0.33.0'],
  ['helm', 'v3.22.0+gc309b6f', '3.22.0'],
] as const)('understands what %s says of its version', async (name, said, version) => {
  await using shop = await workshop()
  await shop.script(`bin/${name}`, `echo "${said}"`)
  expect((await locate(name, shop))?.provenance.version).toBe(version)
})

test('a damaged program in the cache is noted and fetched anew', async () => {
  await using shop = await workshop()
  await fakeGo(shop)
  const about = { ...shop, catalogue: catalogue(), signal: new AbortController().signal }
  const first = (await drain(obtain('fortio', about))).result
  await appendFile(first.path, '# worm')
  const { program, notes } = await locateWithNotes('fortio', about)
  expect(program).toBeUndefined()
  expect(notes).toEqual([
    'The fortio in the cache is not used, and will be fetched again: it is not what was put there',
  ])
  expect((await drain(obtain('fortio', about))).result).toEqual(first)
  expect(await locate('fortio', about)).toEqual(first)
  expect(await shop.log('builds')).toHaveLength(2)
  expect(await shop.leftovers()).toEqual([])
})
