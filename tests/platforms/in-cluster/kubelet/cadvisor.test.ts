import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { PodFact } from '../../../../src/model/mesh.ts'
import { parseCadvisor } from '../../../../src/platforms/in-cluster/kubelet/cadvisor.ts'
import { kubeletMeter } from '../../../../src/platforms/in-cluster/kubelet/kubelet-meter.ts'
import { containerIdOf } from '../../../../src/platforms/in-cluster/usage-between.ts'
import { fakeClock, optionsOf } from './fake-kubelets.ts'

const DIR = new URL('../../../captured/kubelet/', import.meta.url)
const unzipped = (name: string) => gunzipSync(readFileSync(new URL(name, DIR))).toString()
const pods = JSON.parse(readFileSync(new URL('pods.json', DIR), 'utf8')) as PodFact[]

describe('what a kubelet says of its containers', () => {
  const text = unzipped('cadvisor.prom.gz')
  const { now, cgroups } = parseCadvisor(text, 'worker')

  it('has a time for each container, and one of the answer', () => {
    const server = [...cgroups].find(([path]) => containerIdOf(path) === pods[0]?.containers[0]?.id)?.[1]
    expect(server).toEqual({
      ...{ at: 1795910652.432, cpuSeconds: 18.615537977, throttledPeriods: 565, throttledSeconds: 21.480968014 },
      ...{ memoryBytes: 245_760, fileBytes: 0, peakBytes: 4_091_904, tasks: 1 },
    })
    expect(cgroups.get('')).toMatchObject({ at: 1795910651.693, cpuSeconds: 57.146987493, memoryBytes: 108_371_968 })
    const ages = [...cgroups.values()].map(({ at }) => now - at)
    expect(Math.min(...ages)).toBeGreaterThan(0)
    expect(Math.max(...ages)).toBeLessThan(30)
    // Each has a timer of its own.
    expect(new Set(ages).size).toBeGreaterThan(cgroups.size / 2)
  })

  it('counts by the newer reading where a container is listed twice', () => {
    const lines = text.split('\n').filter((line) => line.includes('id="/"'))
    const older = lines.map((line) => line.replace(/ \d{13}$/, ' 1795910600000').replace('57.146987493', '3'))
    for (const both of [
      [...older, ...lines],
      [...lines, ...older],
    ]) {
      expect(parseCadvisor(both.join('\n'), 'worker').cgroups.get('')?.cpuSeconds).toBe(57.146987493)
    }
  })

  it('is refused without counters of the whole node, and without times', () => {
    const without = (pattern: RegExp) => text.replaceAll(pattern, '')
    const broken = (changed: string) => {
      try {
        return parseCadvisor(changed, 'worker')
      } catch (error) {
        return error
      }
    }
    const unreadable = { code: 'usage-unreadable', remedy: expect.stringContaining('/api/v1/nodes/worker/proxy') }
    expect(broken(without(/^.*id="\/".*$/gm))).toMatchObject({ ...unreadable, why: expect.stringContaining('id="/"') })
    const undated = { ...unreadable, why: expect.stringContaining('container_last_seen') }
    expect(broken(without(/^container_last_seen.*$/gm))).toMatchObject(undated)
    expect(broken('')).toMatchObject(unreadable)
  })
})

describe('a meter that is told what a kubelet answered', () => {
  interface Answer {
    readonly at: number
    readonly text: string
  }
  const answers = JSON.parse(unzipped('burn.json.gz')) as Answer[]
  const clock = fakeClock(18.4)
  /** The next answer, when it came. */
  const get = async () => {
    const next = answers.find(({ at }) => at > clock.now()) as Answer
    await clock.sleep(next.at - clock.now())
    return next.text
  }
  const until = (at: number) => clock.sleep(at - clock.now())

  it('finds the CPU that a shell used by its own account, and throttling as the cgroup has it', async () => {
    const nodes = { client: 'worker', server: 'worker', control: 'worker' }
    const meter = kubeletMeter(optionsOf(get, { idle: 5, pods: pods.map(inNamespace), nodes }), clock)
    const idle = await meter.open()
    expect(clock.now()).toBeLessThan(33.9)
    await until(38.9)
    const [asleep] = (await idle.close()).usage
    expect(asleep).toMatchObject({ component: 'application', cpuSeconds: 0 })
    for (const { opened, closed, own, periods } of [
      { opened: 75.2, closed: 102.8, own: 5.06, periods: 150 },
      { opened: 124.7, closed: 192, own: 13.5, periods: 415 },
    ]) {
      const window = await meter.open()
      expect(clock.now()).toBeLessThan(opened)
      await until(closed)
      const { usage, evidence } = await window.close()
      const [application] = usage
      expect(application?.cpuError).toBeLessThan(0.03)
      // The shell cannot count the start of its own process, nor what the runtime does in its name.
      expect(application?.cpuSeconds).toBeGreaterThan(own)
      expect(application?.cpuSeconds).toBeLessThan(own + 0.03)
      expect(application?.throttledPeriods).toBe(periods)
      expect(application?.cpuLimit).toBe(0.25)
      expect(evidence[0]).toMatchObject({ name: 'cpu-account', holds: true })
    }
  })
})

/** In the namespace of the arm that the meter is made for. */
function inNamespace(pod: PodFact): PodFact {
  return { ...pod, namespace: optionsOf(async () => '').arm.of.about.namespace }
}
