import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { choosePlatform, type SelectionOptions } from '../../src/commands/choose-plan.ts'
import type { Failure } from '../../src/model/failure.ts'
import type { Hindrance, KindProbe } from '../../src/platforms/kind/check/probe.ts'
import { PUBLIC_SITE } from '../../src/site/read-site.ts'
import { outputTo } from '../../src/ui/output.ts'

interface World {
  readonly measures?: boolean
  readonly hindrance?: Hindrance
  readonly memory?: number
}

const DOWN: World = { hindrance: { cause: 'the Docker daemon does not answer', remedy: 'sudo systemctl start docker' } }
const PLENTY = 64e9

/** What is chosen, what was said, and whether Docker was asked. */
async function choose(given: string | undefined, options: Partial<SelectionOptions> = {}, world: World = {}) {
  const said: string[] = []
  const asked: string[] = []
  const probe: KindProbe = {
    hindrance: async () => {
      asked.push('hindrance')
      return world.hindrance
    },
    memory: async () => {
      asked.push('memory')
      return world.memory ?? PLENTY
    },
  }
  const stderr = outputTo(
    new Writable({
      write(chunk, _, done) {
        said.push(String(chunk))
        done()
      },
    }),
  )
  const context = {
    stdout: stderr,
    stderr,
    env: {},
    cwd: process.cwd(),
    argv: [],
    signal: new AbortController().signal,
    emergency: { run: async () => [] },
  }
  const { name, platform, isolation } = await choosePlatform({
    given,
    options: { results: 'results', ...options },
    site: PUBLIC_SITE,
    context,
    probe,
    measures: world.measures ?? true,
  })
  return { name, platform, isolation, said: said.join(''), asked }
}

describe('choosePlatform', () => {
  it('measures on kind where clusters can be made', async () => {
    expect(await choose(undefined)).toMatchObject({ name: 'quick', platform: 'kind', isolation: 'frozen' })
    expect((await choose(undefined)).said).toMatch(/^platform kind: Docker answers/)
  })

  it('measures on this host where none can, and says why and what to do', async () => {
    const { said, ...chosen } = await choose(undefined, {}, DOWN)
    expect(chosen).toMatchObject({ name: 'quick-local', platform: 'local', isolation: undefined })
    expect(said).toMatch(
      /platform local, scenario quick-local: the Docker daemon does not answer\n.*systemctl start docker/,
    )
  })

  it('keeps what else was asked for', async () => {
    const { name } = await choose(undefined, { blocks: '2', seed: '7' }, DOWN)
    expect(name).toBe('quick-local')
  })

  it('takes no other scenario than the one that was named', async () => {
    const failure = await choose('quick', {}, DOWN).catch((thrown: Failure) => thrown)
    expect(failure).toMatchObject({
      code: 'no-clusters',
      message: 'the scenario quick needs clusters, which cannot be created here',
      cause: 'the Docker daemon does not answer',
      remedy: 'sudo systemctl start docker. Without clusters: meshbench run quick-local',
    })
  })

  it('plans for clusters where none can be made, and says so', async () => {
    const { said, ...chosen } = await choose('quick', {}, { ...DOWN, measures: false })
    expect(chosen).toMatchObject({ name: 'quick', platform: 'kind' })
    expect(said).toMatch(/^platform kind, which cannot be used here: the Docker daemon does not answer/)
  })

  it('takes no other arms or loads than those that were named', async () => {
    await expect(choose(undefined, { arms: 'linkerd' }, DOWN)).rejects.toMatchObject({ code: 'no-clusters' })
    await expect(choose(undefined, { loads: 'http-250' }, DOWN)).rejects.toMatchObject({ code: 'no-clusters' })
  })

  it.each<[string | undefined, Partial<SelectionOptions>, string, string]>([
    [undefined, { platform: 'local' }, 'quick-local', 'local'],
    ['quick', { platform: 'simulated' }, 'quick', 'simulated'],
    ['quick-local', {}, 'quick-local', 'local'],
    ['sweep', {}, 'sweep', 'local'],
  ])(
    'asks no container engine where the scenario %s or the options %j decide',
    async (given, options, name, platform) => {
      expect(await choose(given, options, DOWN)).toEqual({ name, platform, isolation: undefined, said: '', asked: [] })
    },
  )

  it('does not ask registries where kind is named', async () => {
    expect(await choose('quick', { platform: 'kind' }, DOWN)).toMatchObject({ platform: 'kind', asked: ['memory'] })
  })

  it('freezes as long as memory suffices, and says it where it does not', async () => {
    const { isolation, said } = await choose('quick', {}, { memory: 4e9 })
    expect(isolation).toBe('sequential')
    expect(said).toMatch(/isolation sequential: 6 arms at once need 7\.\d+ GiB of memory, but 3\.73 GiB is available/)
    expect(await choose('quick', { arms: 'linkerd' }, { memory: 4e9 })).toMatchObject({ isolation: 'frozen' })
  })

  it('leaves an isolation that is named as it is', async () => {
    expect(await choose('quick', { isolation: 'frozen' }, { memory: 1 })).toMatchObject({ isolation: 'frozen' })
    expect(await choose('quick', { isolation: 'sequential' })).toMatchObject({ isolation: 'sequential' })
  })
})
