import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import type { Load } from '../src/model/scenario.ts'
import { clusterName } from '../src/platforms/kind/cluster/create-cluster.ts'
import { nodesOf } from '../src/platforms/kind/cluster/nodes.ts'
import { type Figures, type GateContext, harness, lowered, openBench, printRatios, raised } from './cluster-bench.ts'

/**
 * Do frozen neighbours cost the measured arm anything? `none` and `none-again` are measured while other clusters stand frozen
 * beside them, and while these are stopped, in alternating order: ABBA. `node bench/freeze.ts [pairs] [neighbours] [mesh]`.
 */
const pairs = Number(process.argv[2] ?? 6)
const count = Number(process.argv[3] ?? 4)
const mesh = process.argv[4] ?? 'none'
const RUN = `freeze-${process.pid.toString(36)}`
const neighbours = Array.from({ length: count }, (_, index) => `neighbour-${index + 1}`)
const SCENARIO = `
name: freeze
platform: kind
isolation: frozen
blocks: 1
arms: [none, { name: none-again, mesh: none }${neighbours.map((name) => `, { name: ${name}, mesh: ${mesh} }`).join('')}]
loads: [{ name: http, rate: 250/s, connections: 4, payload: 1KiB, warmup: 3s, duration: 15s }]
`
/** How long a neighbour that was stopped runs until it is frozen again: its processes are all there by then. */
const START = 20_000
const MEASURED = ['none', 'none-again'] as const
/** As the clusters are when they have been made. */
let isFrozen = true

await using bench = await openBench(SCENARIO, RUN)
const [load] = bench.plan.scenario.loads as [Load]
const nodes = neighbours.flatMap((_, index) => Object.values(nodesOf(clusterName(RUN, 1, index + 1 + MEASURED.length))))
const found = new Map<string, { base: Figures; arm: Figures }[]>(MEASURED.map((arm) => [arm, []]))
for (let pair = 1; pair <= pairs; pair++) {
  const frozenFirst = pair % 2 === 1
  const first = await under(frozenFirst, pair)
  const second = await under(!frozenFirst, pair)
  const [frozen, alone] = frozenFirst ? [first, second] : [second, first]
  for (const arm of MEASURED) found.get(arm)?.push({ base: alone.get(arm) ?? {}, arm: frozen.get(arm) ?? {} })
  console.log(`pair ${pair} is measured`)
}

for (const [arm, each] of found) printRatios(`${arm}, beside ${count} frozen clusters to alone`, each)

async function under(frozen: boolean, pair: number): Promise<Map<string, Figures>> {
  await beFrozen(frozen)
  const order = pair % 2 === 1 ? MEASURED : MEASURED.toReversed()
  const figures = new Map<string, Figures>()
  for (const arm of order) figures.set(arm, await measured(bench, arm, `${arm}-${pair}-${frozen}`))
  return figures
}

async function measured(on: GateContext, arm: string, name: string): Promise<Figures> {
  const runningArm = await raised(on, arm)
  try {
    return await harness(runningArm, load, name)
  } finally {
    await lowered(on, arm)
  }
}

/** Stopped, a cluster has no process at all; paused, all of them, and none gets any CPU. */
async function beFrozen(wanted: boolean): Promise<void> {
  if (wanted === isFrozen || nodes.length === 0) return
  if (wanted) {
    await execa('docker', ['start', ...nodes])
    await sleep(START)
    await execa('docker', ['pause', ...nodes])
  } else {
    await execa('docker', ['unpause', ...nodes])
    await execa('docker', ['stop', '--time', '5', ...nodes])
  }
  isFrozen = wanted
}
