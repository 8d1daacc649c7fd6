import { execa } from 'execa'
import type { Load } from '../src/model/scenario.ts'
import { clusterName } from '../src/platforms/kind/cluster/create-cluster.ts'
import { nodesOf } from '../src/platforms/kind/cluster/nodes.ts'
import { type Figures, harness, openBench, printRatios, raised } from './cluster-bench.ts'

/**
 * Does the harness measure what a person would? The same load in the same pods, in pairs whose order alternates: through the
 * harness, and by `kubectl exec … fortio load` with fortio's own percentiles. `node bench/by-hand.ts [pairs] [mesh]`.
 */
const pairs = Number(process.argv[2] ?? 6)
const mesh = process.argv[3] ?? 'none'
const RUN = `by-hand-${process.pid.toString(36)}`
const SCENARIO = `
name: by-hand
platform: kind
isolation: frozen
blocks: 1
arms: [{ name: subject, mesh: ${mesh} }]
loads: [{ name: http, rate: 250/s, connections: 4, payload: 1KiB, warmup: 3s, duration: 15s }]
`

await using bench = await openBench(SCENARIO, RUN)
const [load] = bench.plan.scenario.loads as [Load]
const runningArm = await raised(bench, 'subject')
const found: { base: Figures; arm: Figures }[] = []
for (let pair = 1; pair <= pairs; pair++) {
  const first = pair % 2 === 1 ? await byHand() : await throughHarness(pair)
  const second = pair % 2 === 1 ? await throughHarness(pair) : await byHand()
  const [base, arm] = pair % 2 === 1 ? [first, second] : [second, first]
  found.push({ base, arm })
  console.log(`pair ${pair}: by hand ${JSON.stringify(base)}, harness ${JSON.stringify(arm)}`)
}
printRatios('harness to hand', found)

async function throughHarness(pair: number): Promise<Figures> {
  const { p50 = Number.NaN, p99 = Number.NaN } = await harness(runningArm, load, `pair-${pair}`)
  return { p50, p99 }
}

/** What somebody would type, with one thing to know: unless told otherwise fortio counts in milliseconds and guesses in between. */
async function byHand(): Promise<Figures> {
  const shared = [
    '-c',
    String(load.connections),
    '-payload-size',
    String(load.payload),
    '-uniform',
    '-p',
    '50,99',
    '-r',
    '0.00001',
  ]
  await fortio([...shared, '-qps', String(load.rate), '-t', `${load.warmup}s`])
  const said = await fortio([...shared, '-qps', String(load.rate), '-t', `${load.duration}s`])
  const { DurationHistogram } = JSON.parse(said) as {
    DurationHistogram: { Percentiles: readonly { Percentile: number; Value: number }[] }
  }
  const at = (wanted: number) =>
    DurationHistogram.Percentiles.find(({ Percentile }) => Percentile === wanted)?.Value ?? Number.NaN
  return { p50: at(50), p99: at(99) }
}

async function fortio(argv: readonly string[]): Promise<string> {
  const kubectl = [
    'kubectl',
    '--kubeconfig',
    '/etc/kubernetes/admin.conf',
    'exec',
    '-n',
    'bench',
    'client',
    '-c',
    'fortio',
  ]
  const command = ['fortio', 'load', ...argv, '-quiet', '-json', '-', runningArm.target(load)]
  const { control } = nodesOf(clusterName(RUN, 1, 1))
  return (await execa('docker', ['exec', control, ...kubectl, '--', ...command])).stdout
}
