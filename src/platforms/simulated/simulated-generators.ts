import type { Command, Execution, Generators, LoadOutcome } from '../../model/platform.ts'
import type { Seconds } from '../../model/units.ts'
import { generatorDied } from '../generator-died.ts'
import { NOTHING, type Subject, startOf, strikes } from './simulated-server.ts'

/** By how much a late generator begins late, and a clock that is wrong is ahead. */
const LATE: Seconds = 2
const AHEAD: Seconds = 3
/** What comparing two clocks is off by at most. */
const BOUND: Seconds = 0.001

/** What the simulated arm does for its generators. */
interface ArmOf {
  /** Names the trial that a command belongs to. */
  begin(command: Command): Subject
  run(command: Command, subject: Subject): LoadOutcome
  ran(subject: Subject, outcomes: readonly LoadOutcome[], signal: AbortSignal): Promise<void>
  execution(command: Command, subject: Subject, outcome: LoadOutcome): Execution
}

/**
 * Several simulated load generators, each of which sends its share to the same server. Faults strike the last of them. One whose clock is
 * ahead begins when its own clock says so, so that what it writes looks as it should.
 */
export function simulatedGenerators(count: number, arm: ArmOf): Generators {
  const places = Array.from({ length: count }, (_, index) => ({ name: `client-${index}`, node: `node-${index}` }))
  return {
    places,
    exec: async (_, command, signal) => {
      signal.throwIfAborted()
      return arm.execution(command, arm.begin(command), NOTHING)
    },
    hold: async (commands, signal) => {
      signal.throwIfAborted()
      const [first] = commands
      if (!first) throw new TypeError('a load has generators')
      const whole = arm.begin(first)
      const strikesLast = (kind: Parameters<typeof strikes>[1]) =>
        strikes(whole.scenario, kind, whole.arm.name, whole.trial.block)
      const isLast = (index: number) => index === commands.length - 1
      const clocks = commands.map((_, index) => ({
        offset: isLast(index) && strikesLast('generator-clock') ? AHEAD : 0,
        bound: BOUND,
      }))
      const run = async (): Promise<Execution[]> => {
        const shares = commands.map((command, index): [Command, Subject] => {
          return [command, subjectOf(whole, index, commands.length, isLast(index) && strikesLast('generator-late'))]
        })
        const outcomes = shares.map(([command, subject]) => arm.run(command, subject))
        await arm.ran(whole, outcomes, signal)
        if (strikesLast('generator-killed')) {
          throw generatorDied(places[commands.length - 1] as (typeof places)[number], 'its pod was deleted')
        }
        return shares.map(([command, subject], index) => {
          return arm.execution(command, subject, outcomes[index] as LoadOutcome)
        })
      }
      return {
        release: async () => ({ within: 0, at: startOf(whole), clocks, ended: run() }),
        clocks: async () => clocks,
        abandon: () => undefined,
      }
    },
  }
}

/** The trial as one generator sees it: what is left of the rate is its own. */
function subjectOf(whole: Subject, generator: number, of: number, isLate: boolean): Subject {
  const { load } = whole
  const rate = load.rate === 'max' ? load.rate : load.rate / of
  return { ...whole, load: { ...load, rate }, generator, ...(isLate && { late: LATE }) }
}
