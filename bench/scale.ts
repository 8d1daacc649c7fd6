import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster, ExecOf, ExecResult } from '../src/kubernetes/cluster.ts'
import { type Pod, podFacts } from '../src/kubernetes/pods.ts'
import { answersOf, gather } from '../src/loads/gather.ts'
import { gathered, type Raw } from '../src/loads/gathered.ts'
import { decodeHistogram, type LatencyHistogram, latencyHistogram } from '../src/loads/histogram.ts'
import { highestIn } from '../src/loads/histogram-encoding.ts'
import { type Part, partAdder, readingOf } from '../src/loads/several/part.ts'
import { rankOf, slotOf } from '../src/loads/slots.ts'
import type { Command } from '../src/model/platform.ts'
import { MICROS } from '../src/model/units.ts'
import { clusterGenerators } from '../src/platforms/in-cluster/generators/generators.ts'
import { random } from '../src/stats/random.ts'

/**
 * What many load generators cost the controller: `node --expose-gc bench/scale.ts [generators] [requests]`, by default 1,000
 * histograms of a million requests each. Counts and quantiles are compared with a sum that no histogram made. Ends with 1 where they differ.
 */

const [most = 1000, each = 1_000_000] = process.argv.slice(2).map(Number)
const SIZES = [10, 100, 1000].filter((size) => size <= most)
const WINDOW = 30
const stream = random(1, 'scale')
const base = Float64Array.from({ length: each }, () => 800 * Math.exp(0.5 * stream.normal()))

/** Every generator is as fast as its node, and one in fifty is ten times slower. */
const factorOf = (generator: number) => (generator % 50 === 7 ? 10 : 1 + (generator % 11) / 20)

function cpuOf<Result>(task: () => Result): { readonly result: Result; readonly cpu: number } {
  const before = process.cpuUsage()
  const result = task()
  const { user, system } = process.cpuUsage(before)
  return { result, cpu: (user + system) / MICROS }
}

const mebibytes = () => {
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return (heapUsed + arrayBuffers) / 2 ** 20
}

console.log(`Node ${process.version}; merging ${most} histograms of ${each.toLocaleString('en')} requests each`)

/** The histograms are made one after the other, merged and dropped, as outputs are read. */
function merge(): boolean {
  const before = mebibytes()
  const all = latencyHistogram()
  const truth = new Float64Array(slotOf(3600e6) + 1)
  const p99s: number[] = []
  let [recording, merging, encoded, bytes] = [0, 0, 0, 0]
  const values = new Float64Array(each)
  for (let generator = 0; generator < most; generator++) {
    const factor = factorOf(generator)
    for (let index = 0; index < each; index++) {
      const micros = (base[index] as number) * factor
      values[index] = micros
      const slot = slotOf((micros + 0.5) >>> 0)
      truth[slot] = (truth[slot] as number) + 1
    }
    const { result: own, cpu } = cpuOf(() => {
      const histogram = latencyHistogram()
      histogram.recordAll(values, 0, each)
      return histogram
    })
    recording += cpu
    p99s.push(own.quantile(0.99))
    merging += cpuOf(() => all.add(own)).cpu
    if (generator % 10 === 0) {
      const text = own.encode()
      bytes = text.length
      encoded += cpuOf(() => latencyHistogram().add(decodeHistogram(text))).cpu
    }
  }
  console.log(
    `recording: ${recording.toFixed(1)} s of CPU; merging: ${(merging * 1000).toFixed(0)} ms for all, ${((merging / most) * 1e6).toFixed(0)} µs each`,
  )
  console.log(`from their stored form (${bytes} bytes each): ${((encoded / (most / 10)) * 1e6).toFixed(0)} µs each`)
  console.log(`memory kept after it: ${(mebibytes() - before).toFixed(1)} MiB, whatever their number`)
  return isExact(all, truth, p99s)
}

function isExact(all: LatencyHistogram, truth: Float64Array, p99s: readonly number[]): boolean {
  const count = truth.reduce((sum, one) => sum + one, 0)
  const quantileOf = (q: number) => {
    let [left, slot] = [rankOf(q, count), 0]
    for (; left > (truth[slot] as number); slot++) left -= truth[slot] as number
    return highestIn(slot) / MICROS
  }
  const quantiles = [0.5, 0.9, 0.99, 0.999, 0.9999]
  const wrong = quantiles.filter((q) => all.quantile(q) !== quantileOf(q))
  const mean = p99s.reduce((sum, one) => sum + one, 0) / p99s.length
  console.log(
    `count ${all.count.toLocaleString('en')} of ${(most * each).toLocaleString('en')}; quantiles that differ from the sum of all slots: ${wrong.length} of ${quantiles.length}`,
  )
  console.log(
    `p99 of the whole ${(all.quantile(0.99) * 1000).toFixed(2)} ms; the mean of ${most} p99 would be ${(mean * 1000).toFixed(2)} ms`,
  )
  return all.count === most * each && wrong.length === 0
}

/** What a tool gathers of one generator: a window of 30 s, with its time line. */
function rawOf(generator: number): Raw {
  const window = gather(each / WINDOW, WINDOW, each)
  const answers = answersOf(each)
  const factor = factorOf(generator)
  for (let index = 0; index < each; index++) {
    answers.at[index] = (index * WINDOW * MICROS) / each
    answers.service[index] = (base[index] as number) * factor
    answers.response[index] = answers.service[index] as number
    answers.asSent[index] = (answers.service[index] as number) + 100
  }
  answers.count = each
  window.answered(answers)
  return window.raw()
}

const raws = Array.from({ length: 4 }, (_, generator) => rawOf(generator))

function partOf(generator: number): Part {
  const raw = raws[generator % raws.length] as Raw
  return {
    ...{
      tool: 'fortio',
      startedAt: 1_795_000_000,
      seconds: WINDOW,
      planned: each,
      requests: each,
      errors: 0,
      dropped: 0,
    },
    codes: { 200: each },
    raw,
    candidates: { starts: [], latencies: [] },
    about: { connections: 16, uniform: true, catchUp: true, sockets: 16, messages: [] },
  }
}

/** Everything that is kept of a trial: six histograms, a time line of 30 s in two clocks, counts, codes, and a line for each generator. */
function parts(): void {
  console.log('\nwhole outputs, with time lines of 30 s')
  for (const size of SIZES) {
    const before = mebibytes()
    const sum = partAdder()
    const clock = { before: { offset: 0, bound: 0.01 }, after: { offset: 0, bound: 0.01 } }
    const adding = cpuOf(() => {
      for (let generator = 0; generator < size; generator++) sum.add(partOf(generator), 0)
    })
    const kept = mebibytes() - before
    const part = sum.sum()
    const stated = cpuOf(() => gathered(() => part.raw).latency())
    const lines = Array.from({ length: size }, (_, index) =>
      readingOf(partOf(0), { name: `client-${index}`, node: 'node-1', clock }),
    )
    const bytes = Buffer.byteLength(JSON.stringify(lines)) + Buffer.byteLength(JSON.stringify(stated.result))
    console.log(
      `${size} generators: ${(adding.cpu * 1000).toFixed(0)} ms of CPU to add (${((adding.cpu / size) * 1000).toFixed(1)} ms each), ${kept.toFixed(1)} MiB kept, trial file ${(bytes / 1024).toFixed(0)} KiB`,
    )
  }
}

/** A cluster whose API server takes 40 ms for everything, and whose load generators run for a second. */
function fakeCluster() {
  const calls = new Map<string, number>()
  let [now, peak] = [0, 0]
  const exec = async ({ container, command, stdin }: ExecOf): Promise<ExecResult> => {
    const kind = container === 'files' ? 'helper' : 'load generator'
    calls.set(kind, (calls.get(kind) ?? 0) + 1)
    peak = Math.max(peak, ++now)
    await sleep(40)
    if (kind === 'load generator') await sleep(1000)
    now--
    const at = BigInt(Date.now()) * 1_000_000n
    const isClock = command[2]?.endsWith('wall') ?? false
    return { exitCode: 0, stdout: isClock ? `wall ${at}\n` : `${(stdin ?? '').length}\n`, stderr: '' }
  }
  return { cluster: { exec } as unknown as Cluster, calls, peak: () => peak }
}

async function start(): Promise<void> {
  console.log('\nstarting together, and ending: an API server that takes 40 ms for a call')
  for (const size of SIZES) {
    const { cluster, calls, peak } = fakeCluster()
    const clients = Array.from({ length: size }, (_, index) => ({ name: `client-${index}`, pod: `client-${index}-x` }))
    const commands = clients.map(
      (): Command => ({ program: 'fortio', argv: [], within: 60, gate: { path: '/g', content: 'x' } }),
    )
    const generators = clusterGenerators(cluster, 'bench', clients)
    const [at, cpu] = [performance.now(), process.cpuUsage()]
    const held = await generators.hold(commands, new AbortController().signal)
    const ready = performance.now()
    const { ended } = await held.release()
    const executions = await ended
    await held.clocks()
    for (const { discard } of executions) await discard()
    const { user, system } = process.cpuUsage(cpu)
    const all = [...calls.values()].reduce((sum, count) => sum + count, 0)
    console.log(
      `${size} generators: ${all} calls (${(all / size).toFixed(1)} each), ${peak()} connections at once, ready after ${((ready - at) / 1000).toFixed(2)} s, ${((user + system) / 1e6).toFixed(2)} s of CPU`,
    )
  }
}

/** The answer of an API server that has so many pods. */
function pods(count: number): void {
  const pod = (index: number) => ({
    metadata: {
      ...{ name: `pod-${index}`, namespace: `team-${index % 40}`, uid: `00000000-0000-0000-0000-${index}` },
      labels: { app: `app-${index % 200}`, 'pod-template-hash': `${index}` },
      annotations: {
        'sidecar.istio.io/status': JSON.stringify({
          initContainers: ['istio-init'],
          containers: ['istio-proxy'],
          volumes: Array.from({ length: 8 }, (_, at) => `volume-${at}`),
        }),
      },
    },
    spec: {
      nodeName: `node-${index % 100}`,
      containers: ['app', 'istio-proxy'].map((name) => ({
        name,
        image: `registry/${name}:1`,
        env: Array.from({ length: 20 }, (_, at) => ({ name: `VARIABLE_${at}`, value: 'x'.repeat(60) })),
      })),
    },
    status: {
      ...{ phase: 'Running', podIP: '10.0.0.1' },
      containerStatuses: ['app', 'istio-proxy'].map((name) => ({
        name,
        image: name,
        imageID: `registry/${name}@sha256:${'0'.repeat(64)}`,
        containerID: `containerd://${'0'.repeat(64)}`,
        ready: true,
        restartCount: 0,
      })),
    },
  })
  const text = JSON.stringify({ items: Array.from({ length: count }, (_, index) => pod(index)) })
  const read = cpuOf(() =>
    podFacts((JSON.parse(text) as { items: Pod[] }).items, (node) => (node === 'node-1' ? 'client' : undefined)),
  )
  console.log(
    `\n${count.toLocaleString('en')} pods in the cluster: a list of ${(text.length / 2 ** 20).toFixed(0)} MiB, read in ${(read.cpu * 1000).toFixed(0)} ms of CPU, of which ${read.result.length} pods are on a node of the run`,
  )
}

const exact = merge()
parts()
await start()
pods(10_000)
process.exitCode = exact ? 0 : 1
