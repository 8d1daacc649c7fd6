import { execa } from 'execa'
import { afterAll, describe, expect, it } from 'vitest'
import { judgeTrial } from '../../src/analyse/judge-trial.ts'
import { decodeHistogram } from '../../src/loads/histogram.ts'
import { loads } from '../../src/loads/index.ts'
import type { Platform } from '../../src/model/platform.ts'
import type { Reading, Result } from '../../src/model/result.ts'
import { kind } from '../../src/platforms/kind/kind.ts'
import { run } from '../../src/run/run.ts'
import { readSite } from '../../src/site/read-site.ts'
import { opened } from '../platforms/opened.ts'
import { minutes, OWN, onClusters, planOf, removeClusters } from './clusters.ts'

const RUN = `2026-01-01T0000-test-g${OWN}`
const { signal } = new AbortController()

const plan = planOf(`
name: generators
platform: kind
isolation: shared
blocks: 1
idle: 0s
generators: 4
arms: [none]
loads:
  - { name: one, generators: 1, rate: 120/s, connections: 8, warmup: 1s, duration: 4s }
  - { name: fortio, rate: 120/s, connections: 8, payload: 2KiB, warmup: 1s, duration: 8s }
  - { name: k6, tool: k6, rate: 90/s, connections: 12, warmup: 1s, duration: 8s }
  - { name: late, generators: 2, rate: 100/s, connections: 4, warmup: 1s, duration: 6s }
  - { name: ahead, generators: 3, rate: 90/s, connections: 3, warmup: 1s, duration: 6s }
  - { name: killed, rate: 100/s, connections: 4, warmup: 1s, duration: 8s }
`)

/**
 * What a helper's shell is replaced by, to make a clock wrong or a begin late: the clock of a node cannot be set where nodes share that of
 * this machine, and libfaketime does not reach programs in Go. So the generators' own times are true, and only what tells the helper the
 * time is not: it begins when its wrong clock says so, and says that time when it is asked.
 */
const shellWith = (functions: string) => `#!/bin/busybox sh
if [ "$1" = -c ]
then script=$2; shift 2; exec /bin/busybox sh -c '${functions}
'"$script" "$@"
else exec /bin/busybox sh "$@"
fi
`
const AHEAD = `date() { command adjtimex | { while read -r name value _; do case $name in
status:) status=$value ;; time.tv_sec:) s=$value ;; time.tv_usec:) f=$value ;; esac; done
[ $((status & 8192)) -ne 0 ] || f=$((f * 1000)); echo $((s + 3))$(printf %09d $f); }; }`
const LATE = 'sleep() { command sleep "$@"; command sleep 2; }'

describe(...onClusters('several load generators in a real cluster'), () => {
  let platform: Platform
  const results = new Map<string, Result>()

  afterAll(async () => {
    if (platform) await removeClusters(platform, [RUN])
  }, minutes(3))

  it('share a load; and one that dies, is late or has a wrong clock makes the trial no measurement', {
    timeout: minutes(9),
  }, async () => {
    platform = kind({ site: await readSite(undefined, process.env), keep: false })
    await opened(platform.prepare(plan, signal))
    const world = { platform, loads, identity: { id: RUN }, signal, now: () => Date.now() / 1000 }
    let kill: Promise<void> | undefined
    for await (const event of run(plan, 0, world)) {
      if (event.type === 'result') {
        results.set(event.result.trial.load, event.result)
        await Promise.all([0, 1, 2].map((index) => inClient(index, 'ln -sf busybox bin/sh')))
      }
      if (event.type !== 'phase') continue
      if (event.trial.load === 'ahead' && event.phase === 'measure') await replaceShell(2, AHEAD)
      if (event.trial.load === 'late' && event.phase === 'measure') await replaceShell(1, LATE)
      if (event.trial.load === 'killed' && event.phase === 'measure') kill = killInWindow(3, event.trial.id)
    }
    await kill
    const told = [...results].map(([load, { outcome }]) => [load, outcome.status])
    expect(Object.fromEntries(told)).toMatchObject({
      one: 'measured',
      fortio: 'measured',
      k6: 'measured',
      killed: 'failed',
    })

    for (const [load, requests] of [
      ['fortio', 960],
      ['k6', 720],
    ] as const) {
      const reading = readingOf(load)
      const each = reading.generators?.each ?? []
      expect(each.map(({ name }) => name)).toEqual(['client-0', 'client-1', 'client-2', 'client-3'])
      expect(sum(each.map((one) => one.requests)), load).toBe(reading.requests)
      expect(Math.abs(reading.planned - requests), load).toBeLessThanOrEqual(4)
      expect(sum(Object.values(reading.codes)), load).toBe(reading.requests)
      expect(decodeHistogram(reading.latency.service).count, load).toBe(reading.requests - reading.errors)
      expect(sum(reading.timeline.requests), load).toBe(reading.requests)
      expect(reading.generator.connections, load).toBe(load === 'k6' ? 12 : 8)
      expect(reading.observation.evidence, load).toContainEqual(
        expect.objectContaining({ name: 'generators', seen: '4 on 1 node' }),
      )
      expect(objectionsTo(load), load).toEqual([])
    }
    expect(readingOf('one').generators).toBeUndefined()

    expect(results.get('killed')?.outcome).toMatchObject({
      failure: { code: 'generator-died', message: expect.stringContaining('client-3') },
    })
    expect(objectionsTo('late')).toEqual([expect.stringMatching(/overlapped by .*: client-1 began [\d.]+ s late/)])
    expect(objectionsTo('ahead')).toEqual([expect.stringMatching(/^The clock of client-2 is .* ahead/)])
    const [, , third] = readingOf('ahead').generators?.each ?? []
    const { offset, bound } = third?.clock.before ?? { offset: Number.NaN, bound: 0 }
    // Known as well as an exec on a busy machine tells it.
    expect(Math.abs(offset - 3), `${offset} ± ${bound}`).toBeLessThanOrEqual(bound)
  })

  function readingOf(load: string): Reading {
    const { outcome } = results.get(load) ?? {}
    if (outcome?.status !== 'measured') throw new Error(`${load}: ${JSON.stringify(outcome)}`)
    return outcome.reading
  }

  function objectionsTo(load: string): string[] {
    const { problems } = judgeTrial(results.get(load) as Result, plan)
    return problems.filter(({ rule }) => rule === 'generators-apart').map(({ cause }) => cause)
  }
})

function sum(values: readonly number[]): number {
  return values.reduce((all, one) => all + one, 0)
}

async function nodeNamed(ending: string): Promise<string> {
  const { stdout } = await execa('docker', ['ps', '--format', '{{.Names}}', '--filter', `name=-g${OWN}-c1`])
  return stdout.split('\n').find((name) => name.endsWith(ending)) ?? ''
}

/** Runs a shell on the node, in the root folder of the helper of a generator. */
async function inClient(index: number, script: string): Promise<void> {
  const find = `for root in /proc/[0-9]*/root; do
    [ "$(cat $root/etc/hostname 2>/dev/null)" = client-${index} ] && [ -e $root/bin/busybox ] && cd $root && break
  done; [ -e bin/busybox ] && ${script}`
  await execa('docker', ['exec', '-i', await nodeNamed('-worker'), 'sh', '-c', find])
}

async function replaceShell(index: number, functions: string): Promise<void> {
  const text = Buffer.from(shellWith(functions)).toString('base64')
  await inClient(index, `rm bin/sh && echo ${text} | base64 -d >bin/sh && chmod 755 bin/sh`)
}

/**
 * Deletes the pod of a generator a second after it has had its first answers. Does not wait for the deletion: the
 * trial fails at once, and the run removes the cluster in which kubectl would be waiting.
 */
async function killInWindow(index: number, trial: string): Promise<void> {
  await inClient(index, `until [ -s files/${trial}.access.jsonl ]; do sleep 0.2; done; sleep 1`)
  const selector = `batch.kubernetes.io/job-completion-index=${index}`
  const kubectl = ['kubectl', '--kubeconfig=/etc/kubernetes/admin.conf', '-n', 'bench-none']
  const kill = ['delete', 'pod', '-l', selector, '--force', '--grace-period=0', '--wait=false']
  await execa('docker', ['exec', await nodeNamed('-control-plane'), ...kubectl, ...kill])
}
