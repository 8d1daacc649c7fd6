import { describe, expect, it } from 'vitest'
import type { Usage } from '../../../../src/model/usage.ts'
import { kubeletMeter } from '../../../../src/platforms/in-cluster/kubelet/kubelet-meter.ts'
import { busyGroups, fakeClock, fakeKubelets, optionsOf, SERVER } from './fake-kubelets.ts'

function used(usage: readonly Usage[], component: string): Usage {
  const found = usage.find((one) => one.component === component)
  if (!found) throw new Error(`no ${component}`)
  return found
}

/** A window of so many seconds, whose load is on the clock's span that `spans` gets. */
async function measured(seconds: number, idle: number, base = { idle: 0.01, busy: 0.25 }) {
  const clock = fakeClock()
  const spans: [number, number][] = []
  const groups = busyGroups(spans, base)
  const { get, asked } = fakeKubelets(clock, groups)
  const meter = kubeletMeter(optionsOf(get, { idle }), clock)
  if (idle > 0) {
    const window = await meter.open()
    await clock.sleep(idle)
    await window.close()
  }
  const window = await meter.open()
  const from = clock.now()
  spans.push([from, from + seconds])
  await clock.sleep(seconds)
  const to = clock.now()
  const metered = await window.close()
  return { metered, asked, from, to }
}

describe('a meter by the counters of kubelets', () => {
  it.each([0, 5])(
    'finds what was used in the window, within the error that it states (idle window: %s s)',
    async (idle) => {
      for (const seconds of [2, 20, 61]) {
        const { metered, from } = await measured(seconds, idle)
        expect(metered.seconds).toBeCloseTo(seconds, 6)
        expect(metered.startedAt).toBeCloseTo(from + 1.7e9, 1)
        for (const component of ['generator', 'application']) {
          const { cpuSeconds, cpuError = Number.NaN } = used(metered.usage, component)
          expect(Math.abs(cpuSeconds - 0.25 * seconds)).toBeLessThanOrEqual(cpuError + 1e-6)
          // The idle rate is steady here, so what remains is the doubt of it for less than a minute outside of the window.
          expect(cpuError).toBeLessThan(0.01 * 62)
        }
        const node = used(metered.usage, 'node-client')
        expect(Math.abs(node.cpuSeconds - 0.05 * seconds)).toBeLessThanOrEqual((node.cpuError ?? 0) + 1e-6)
        expect(used(metered.usage, 'node-control')).toMatchObject({ role: 'cluster' })
        expect(metered.host).toBeUndefined()
      }
    },
  )

  it('reads nothing within the window', async () => {
    const { asked, from, to } = await measured(60, 5)
    expect(asked.filter(({ at }) => at > from && at < to)).toEqual([])
    expect(new Set(asked.map(({ node }) => node))).toEqual(new Set(['one', 'two', 'three']))
  })

  it('says where its figures are from, how far off they may be, and which window would do', async () => {
    // As much idle as under load: there is no telling them apart in a short window.
    const { metered } = await measured(3, 5, { idle: 0.2, busy: 0.21 })
    const [account] = metered.evidence
    expect(account).toMatchObject({ name: 'cpu-account', holds: true })
    expect(account?.seen).toMatch(
      /^no agent: kubelet counters from up to \d+ s outside of a window of 3 s; generator ± /,
    )
    const wanted = Number(/windows of (\d+) (?:s|min)/.exec(account?.seen ?? '')?.[1])
    expect(wanted).toBeGreaterThan(3)
    const { metered: long } = await measured(600, 5)
    expect(long.evidence[0]?.seen).not.toContain('would keep')
  })

  it('learns of the idle rate while it waits, so that the error shrinks where the rate is steady', async () => {
    const clock = fakeClock()
    // It is read more often than the others, which are waited for.
    const groups = busyGroups([]).map((one) => (one.node === 'one' ? { ...one, every: 9 } : one))
    const { get } = fakeKubelets(clock, groups)
    const meter = kubeletMeter(optionsOf(get, { idle: 5 }), clock)
    const errors: number[] = []
    for (let window = 0; window < 4; window++) {
      const open = await meter.open()
      await clock.sleep(20)
      errors.push(used((await open.close()).usage, 'generator').cpuError ?? Number.NaN)
    }
    expect(errors.at(-1)).toBeLessThan((errors[0] as number) / 10)
  })

  it('gives up on a kubelet that reads nothing any more, and names what is old', async () => {
    const clock = fakeClock()
    const groups = busyGroups([]).map((one) => (one.id.includes(SERVER) ? { ...one, every: 1e6 } : one))
    const meter = kubeletMeter(optionsOf(fakeKubelets(clock, groups).get, { idle: 5 }), clock)
    await expect(meter.open()).rejects.toMatchObject({
      code: 'usage-unreadable',
      message: 'the kubelets had no new counters within 45 s',
      why: expect.stringContaining(`${SERVER}.scope on two`),
    })
  })

  it('goes on without a container that no kubelet lists, and says so', async () => {
    const clock = fakeClock()
    const groups = busyGroups([]).filter(({ id }) => !id.includes(SERVER))
    const meter = kubeletMeter(optionsOf(fakeKubelets(clock, groups).get, { idle: 5 }), clock)
    const window = await meter.open()
    await clock.sleep(5)
    const { evidence, usage } = await window.close()
    expect(evidence[0]).toMatchObject({
      holds: false,
      seen: expect.stringContaining('without counters: meshbench-x-none/server/server'),
    })
    expect(usage.map(({ component }) => component)).not.toContain('application')
  })

  it('asks a node once that has two parts', async () => {
    const clock = fakeClock()
    const { get, asked } = fakeKubelets(clock, busyGroups([]))
    const nodes = { client: 'one', server: 'two', control: 'one' }
    const window = await kubeletMeter(optionsOf(get, { idle: 5, nodes }), clock).open()
    const { usage } = await window.close()
    expect(usage.map(({ component }) => component)).not.toContain('node-control')
    expect(new Set(asked.map(({ node }) => node))).toEqual(new Set(['one', 'two']))
  })
})
