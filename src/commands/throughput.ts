import { loads } from '../loads/index.ts'
import { Failure } from '../model/failure.ts'
import type { Plan } from '../model/plan.ts'
import type { Finding, Platform } from '../model/platform.ts'
import type { Load, Scenario } from '../model/scenario.ts'
import { PLATFORM_TRAITS } from '../model/traits.ts'
import { formatNumber, formatRate, type PerSecond, type Seconds } from '../model/units.ts'
import { connectionWords, count } from '../model/words.ts'
import { makePlan } from '../plan/make-plan.ts'
import { run } from '../run/run.ts'
import { runId } from '../store/find-run.ts'
import type { CommandContext } from './command-context.ts'

/** What one load generator sends as fast as answers come, against the server without a mesh. */
export interface Throughput {
  /** The load whose tool, protocol, connections and payload were used. */
  readonly load: string
  readonly perSecond: PerSecond
  /** CPU that the load generator used; absent where nothing is known of it. */
  readonly cores?: number
}

const WARMUP: Seconds = 2
const DURATION: Seconds = 5
const ARM = { name: 'none', mesh: 'none' } as const

/**
 * Of what one generator can send in a closed loop, so much is asked of it at a fixed rate: one that is busy sends late, and its lateness
 * would shape the load.
 */
const SHARE = 0.5

/** Runs each load once in a closed loop, with one generator, against an arm without a mesh. A script says by itself what it sends. */
export async function measureThroughput(
  plan: Plan,
  platform: Platform,
  { signal, stderr }: Pick<CommandContext, 'signal' | 'stderr'>,
): Promise<Throughput[]> {
  const probe = probeOf(plan.scenario)
  if (probe.scenario.loads.length === 0) return []
  for await (const { title } of platform.prepare(probe, signal)) stderr.write(`${title}\n`)
  const found: Throughput[] = []
  const identity = { id: runId(new Date(), 'doctor', Math.random) }
  const world = { platform, loads, identity, signal, now: () => Date.now() / 1000 }
  for await (const event of run(probe, 0, world)) {
    if (event.type === 'step') stderr.write(`${event.title}\n`)
    if (event.type !== 'result') continue
    const { outcome, trial } = event.result
    if (outcome.status === 'failed') {
      const { message, cause, remedy } = outcome.failure
      throw new Failure('not-ready', `what one load generator can send was not measured: ${message}`, {
        ...(cause !== undefined && { cause }),
        ...(remedy !== undefined && { remedy }),
      })
    }
    const { requests, errors, seconds, observation } = outcome.reading
    const own = observation.usage.filter(({ role }) => role === 'generator')
    const cpu = own.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0)
    found.push({
      load: trial.load,
      perSecond: (requests - errors) / seconds,
      ...(own.length > 0 && { cores: cpu / observation.seconds }),
    })
  }
  return found
}

/** Its arms, rates and blocks are others than those of the scenario: it is no measurement of what the scenario asks. */
function probeOf({ gate: _, ...scenario }: Scenario): Plan {
  const measured = scenario.loads.filter(({ script }) => script === undefined)
  return makePlan({
    ...scenario,
    ...{ cohorts: 1, blocks: 1, idle: 0, arms: [ARM] },
    loads: measured.map(({ capacity: __, generators: ___, ...load }) => {
      return { ...load, rate: 'max', warmup: WARMUP, duration: DURATION }
    }),
  })
}

/** How many load generators a rate needs, of which each can send so much in a closed loop. */
export function neededFor(rate: PerSecond, perSecond: PerSecond): number {
  return Math.max(1, Math.ceil(rate / (SHARE * perSecond)))
}

/** Whether the plan has as many load generators as it needs. */
export function throughputFindings(found: readonly Throughput[], { scenario }: Plan, platform: Platform): Finding[] {
  return found.flatMap(({ load: name, perSecond, cores }): Finding[] => {
    const load = scenario.loads.find((one) => one.name === name)
    if (!load || load.rate === 'max') return []
    const { generators = 1 } = load
    const needed = neededFor(load.rate, perSecond)
    const own = connectionWords({ connections: load.connections })
    const used = cores === undefined ? '' : `, with ${formatNumber(cores)} cores`
    const one = `one load generator sent ${formatRate(Math.round(perSecond))} over ${own} as fast as answers came${used}`
    if (needed <= generators) {
      return [
        {
          severity: 'ok',
          message: `${name}: ${one}: ${count(generators, 'load generator')} can send ${formatRate(load.rate)}`,
        },
      ]
    }
    return [
      {
        severity: 'warning',
        message: `load ${name} needs ${count(needed, 'load generator')} for ${formatRate(load.rate)}, and has ${generators}`,
        cause: `${one}, and at more than half of that it may not keep its schedule.`,
        remedy: remedyFor(load, needed, platform),
      },
    ]
  })
}

function remedyFor({ connections }: Load, needed: number, { name }: Platform): string {
  if (PLATFORM_TRAITS[name].arms === 'processes') return 'Lower the rate, or use a platform with clusters.'
  const more = connections < needed ? `, with ${needed} connections or more` : ''
  return `Write \`generators: ${needed}\`${more}: on nodes of their own, where they do not share cores.`
}

/** Rates that one generator on a few cores may not send. */
const HIGH: PerSecond = 5000

/** How it is found what was not measured; nothing for loads that any generator can send. */
export function unmeasuredFindings({ scenario: { loads: planned } }: Plan): Finding[] {
  const high = planned.filter(({ rate, generators = 1, script }) => {
    return script === undefined && rate !== 'max' && (rate >= HIGH || generators > 1)
  })
  if (high.length === 0) return []
  return [
    {
      severity: 'ok',
      message:
        'how many load generators the plan needs was not measured: `meshbench doctor --throughput` measures what one can send here',
    },
  ]
}
