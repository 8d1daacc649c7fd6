import { Failure } from '../model/failure.ts'
import { type Block, type Plan, type Trial, trialsOf, type Visit } from '../model/plan.ts'
import type { Arm, Scenario } from '../model/scenario.ts'
import { random } from '../stats/random.ts'

/**
 * The schedule of a scenario; the same scenario gives the same schedule. More blocks only add to the end of each
 * cohort: the orders of the blocks before stay as they are.
 */
export function makePlan(scenario: Scenario): Plan {
  let order = 0
  const number = (trial: Omit<Trial, 'order'>): Trial => ({ ...trial, order: ++order })
  const cohorts = Array.from({ length: scenario.cohorts }, (_, index) => ({
    cohort: index + 1,
    blocks: blocksOf(scenario, index + 1, number),
  }))
  refuseLocalVariants(trialsOf({ cohorts }))
  return { scenario, cohorts }
}

/** One arm at a place of a block: what becomes a visit. */
interface Slot {
  readonly index: number
  readonly arm: Arm
  readonly position: number
}

function blocksOf(scenario: Scenario, cohort: number, number: (trial: Omit<Trial, 'order'>) => Trial): Block[] {
  return slotsOf(scenario, cohort).map((slots) => {
    const block = (cohort - 1) * scenario.blocks + (slots[0]?.index ?? 0) + 1
    const visits = slots.flatMap(({ index, arm, position }): Visit[] => {
      const shuffled = random(scenario.seed, 'loads', cohort, index, arm.name).shuffle(scenario.loads)
      const loads = shuffled.filter(({ skipped }) => skipped?.[arm.name] === undefined)
      const trials = loads.map((load) => {
        const id = trialId(scenario, cohort, block, arm.name, load.name)
        return number({ id, cohort, block, arm: arm.name, load: load.name, position })
      })
      return trials.length === 0 ? [] : [{ arm: arm.name, trials }]
    })
    return { block, visits }
  })
}

/** Block after block; or, one arm at a time, each arm's part of all blocks before the next arm's, in the order of the first block. */
function slotsOf(scenario: Scenario, cohort: number): Slot[][] {
  const orders = armOrders(scenario, cohort)
  if (scenario.isolation !== 'sequential') {
    return orders.map((arms, index) => arms.map((arm, place) => ({ index, arm, position: place + 1 })))
  }
  return (orders[0] ?? []).flatMap((arm, place) => orders.map((_, index) => [{ index, arm, position: place + 1 }]))
}

/** Randomly relabelled Williams squares, one after the other; rows shuffled so that every n blocks stay a Latin square. */
function armOrders({ arms, blocks, seed }: Scenario, cohort: number): Arm[][] {
  const stream = random(seed, 'order', cohort)
  const orders: Arm[][] = []
  while (orders.length < blocks) {
    const labels = stream.shuffle(arms)
    const rows = williams(arms.length)
    for (let from = 0; from < rows.length; from += arms.length) {
      const square = stream.shuffle(rows.slice(from, from + arms.length))
      orders.push(...square.map((row) => row.map((label) => labels[label] as Arm)))
    }
  }
  return orders.slice(0, blocks)
}

/** Zero-padded, so that names sort in the order of the schedule's blocks. */
export function trialId(
  scenario: Pick<Scenario, 'cohorts' | 'blocks'>,
  cohort: number,
  block: number,
  arm: string,
  load: string,
): string {
  const width = Math.max(2, String(scenario.cohorts * scenario.blocks).length)
  const cohortText = String(cohort).padStart(String(scenario.cohorts).length, '0')
  return `c${cohortText}-b${String(block).padStart(width, '0')}-${arm}-${load}`
}

/** Arm `a` with load `b-c` and arm `a-b` with load `c` would share a file. */
function refuseLocalVariants(trials: readonly Trial[]): void {
  const seen = new Map<string, Trial>()
  for (const trial of trials) {
    const same = seen.get(trial.id)
    if (same) {
      throw new Failure('scenario', `two trials would have the same name, ${trial.id}`, {
        cause: `arm ${same.arm} with load ${same.load} and arm ${trial.arm} with load ${trial.load} read the same when joined`,
        remedy: 'Rename one of these arms or loads.',
      })
    }
    seen.set(trial.id, trial)
  }
}

/**
 * Orders for n treatments in which every ordered pair of neighbours occurs equally often (E. J. Williams, 1949), so that
 * what one treatment leaves behind for the next falls on all of them alike. Even n: n rows, each pair once. Odd n: no
 * single square is balanced, so the square is followed by its mirror image: 2n rows, each pair twice. Every n
 * consecutive rows from a multiple of n on are a Latin square: each treatment is once at each place.
 */
export function williams(n: number): number[][] {
  const first = Array.from({ length: n }, (_, place) => (place % 2 === 1 ? (place + 1) / 2 : (n - place / 2) % n))
  const square = Array.from({ length: n }, (_, shift) => first.map((treatment) => (treatment + shift) % n))
  return n % 2 === 0 ? square : [...square, ...square.map((row) => row.toReversed())]
}

/** A plan as text that depends on its meaning only: keys sorted, what is absent left out, no white space. */
export function planText(plan: Plan): string {
  return canonical(plan)
}

function canonical(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
  entries.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join()}}`
}
