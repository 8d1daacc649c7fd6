import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { connect } from '../../src/kubernetes/connect.ts'
import { execLasting, lendShell, resumed } from '../../src/kubernetes/lasting.ts'
import { Failure } from '../../src/model/failure.ts'
import { testFolder } from '../temporary-folder.ts'
import { cuttingProxy, execServer, kubeconfigFor, type Refuse } from './exec-server.ts'

const at = { namespace: 'bench', pod: 'client', container: 'files', folder: '/files' }
const soon = () => AbortSignal.timeout(30_000)
const CUT = 400

/** An API server behind a proxy that cuts, with a pod whose other containers were lent a shell. */
async function behindProxy(after: number, refuse?: Refuse) {
  const root = testFolder()
  const files = join(root, 'files')
  mkdirSync(join(files, '.shell'), { recursive: true })
  // As busybox is called: the first word is the program.
  writeFileSync(join(files, '.shell/busybox'), '#!/bin/sh\nshift\nexec /bin/sh "$@"\n')
  chmodSync(join(files, '.shell/busybox'), 0o755)
  const held = new AsyncDisposableStack()
  const server = held.use(await execServer(root, refuse))
  const proxy = held.use(await cuttingProxy(server.port, after))
  const cluster = held.use(await connect(kubeconfigFor(proxy.url)))
  return { cluster, files, server, proxy, [Symbol.asyncDispose]: () => held.disposeAsync() }
}

const inTool = (script: string) => ({ container: 'fortio', command: ['sh', '-c', script] })

describe('a command behind a proxy that cuts connections', () => {
  it('is broken where it depends on its connection: never a success', async () => {
    await using here = await behindProxy(CUT)
    const what = { namespace: 'bench', pod: 'client', ...inTool('sleep 2; echo done') }
    await expect(here.cluster.exec(what, soon())).rejects.toMatchObject({ code: 'exec-broken' })
  })

  it('outlives many connections, runs once, and says all that it said', async () => {
    await using here = await behindProxy(CUT)
    const script = 'echo run >>/files/runs; sleep 2; echo out; head -c 300000 /dev/zero; echo why >&2; exit 3'
    const ended = await execLasting(here.cluster, at, 'one', inTool(script), soon())
    expect(ended).toMatchObject({ exitCode: 3, stderr: 'why\n' })
    expect(ended.stdout).toHaveLength(300_004)
    expect(readFileSync(join(here.files, 'runs'), 'utf8')).toBe('run\n')
    expect(here.proxy.cuts()).toBeGreaterThanOrEqual(3)
  })

  it('that is killed has no exit code, so it has failed', async () => {
    await using here = await behindProxy(5000)
    const killed = execLasting(here.cluster, at, 'two', inTool('kill -9 $PPID; kill -9 $$'), soon())
    await expect(killed).rejects.toMatchObject({
      code: 'exec-broken',
      message: expect.stringContaining('no exit code'),
    })
  })

  it('is given up when its time is over', async () => {
    await using here = await behindProxy(CUT)
    const ended = execLasting(here.cluster, at, 'three', inTool('sleep 5'), AbortSignal.timeout(1500))
    await expect(ended).rejects.toThrow()
    expect(existsSync(join(here.files, '.command-three/started'))).toBe(true)
  })

  it('leaves one folder, which can be removed', async () => {
    await using here = await behindProxy(5000)
    await execLasting(here.cluster, at, 'four', inTool('true'), soon())
    expect(readdirSync(here.files).toSorted()).toEqual(['.command-four', '.shell'])
  })

  it('has its output read on where the connection was cut', async () => {
    await using here = await behindProxy(CUT)
    const size = 200_000
    // Slow enough that it takes several connections.
    const from = (offset: number) => {
      const slow = `i=${offset}; while [ $i -lt ${size} ]; do head -c 20000 /dev/zero; i=$((i+20000)); sleep 0.1; done`
      return here.cluster.stream(
        { namespace: 'bench', pod: 'client', container: 'files', command: ['sh', '-c', slow] },
        soon(),
      )
    }
    let bytes = 0
    for await (const part of resumed(from, soon())) bytes += part.length
    expect(bytes).toBeGreaterThanOrEqual(size)
    expect(bytes).toBeLessThan(size + 20_000)
    expect(here.proxy.cuts()).toBeGreaterThanOrEqual(1)
  })
})

describe('an API server that has too much to do', () => {
  const status = (code: number, headers: Record<string, string> = {}) => ({
    status: code,
    headers,
    body: JSON.stringify({ kind: 'Status', message: 'too many requests' }),
  })
  const first = (times: number, answer: ReturnType<typeof status>): Refuse => {
    let left = times
    return () => (left-- > 0 ? answer : undefined)
  }

  it.each([429, 503])('that answers %i is asked again, no sooner than it wants, and the command runs', async (code) => {
    await using here = await behindProxy(60_000, first(2, status(code, { 'Retry-After': '1' })))
    const began = performance.now()
    const ended = await here.cluster.exec({ namespace: 'b', pod: 'p', container: 'c', command: ['echo', 'hi'] }, soon())
    expect(ended).toMatchObject({ exitCode: 0, stdout: 'hi\n' })
    expect(performance.now() - began).toBeGreaterThan(1900)
    expect(here.server.asked).toHaveLength(3)
  })

  it.each([429, 502, 503, 504])('that answers %i to a list is asked again', async (code) => {
    await using here = await behindProxy(60_000, first(2, status(code)))
    expect(await here.cluster.get('/api/v1/nodes', soon())).toBe('{"items":[]}')
    expect(here.server.asked).toHaveLength(3)
  })

  it('is named, with the pause that it asks for, where it goes on longer than anybody waits', async () => {
    await using here = await behindProxy(60_000, () => status(429, { 'Retry-After': '300' }))
    const refused = here.cluster.exec({ namespace: 'b', pod: 'p', container: 'c', command: ['true'] }, soon())
    const busy = {
      code: 'cluster-busy',
      message: expect.stringContaining('throttles this user'),
      why: 'too many requests (429); it asks for a pause of 300 s',
    }
    await expect(refused).rejects.toMatchObject(busy)
    await expect(here.cluster.get('/api/v1/nodes', soon())).rejects.toMatchObject(busy)
  })

  it('that answers 500 to a command leaves unknown whether it ran: it is not run again', async () => {
    await using here = await behindProxy(60_000, () => status(500))
    const refused = here.cluster.exec({ namespace: 'b', pod: 'p', container: 'c', command: ['true'] }, soon())
    await expect(refused).rejects.toMatchObject({ code: 'exec-broken' })
    expect(here.server.asked).toHaveLength(1)
  })
})

describe('a shell', () => {
  const clusterOf = (answers: readonly (string | Failure)[]) => {
    const left = [...answers]
    const exec = async () => {
      const answer = left.shift()
      if (answer instanceof Failure) throw answer
      return { exitCode: 0, stdout: answer ?? '', stderr: '' }
    }
    return { exec } as unknown as Parameters<typeof lendShell>[0]
  }

  it.each([
    ['runs in the other container', ['', 'borrowed\n'], true],
    ['does not, since it needs libraries', ['', new Failure('exec-refused', 'no such file or directory')], false],
    ['is found out after a broken connection', [new Failure('exec-broken', 'cut'), '', 'borrowed\n'], true],
  ])('that is lent %s', async (_, answers, is) => {
    expect(await lendShell(clusterOf(answers), at, 'fortio', soon())).toBe(is)
  })
})
