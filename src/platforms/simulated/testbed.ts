import { meshes } from '../../meshes/index.ts'
import { Failure } from '../../model/failure.ts'
import type { Cohort, Plan, Trial, Visit } from '../../model/plan.ts'
import type { Command, Testbed } from '../../model/platform.ts'
import type { Arm, Fault } from '../../model/scenario.ts'
import { seat } from './seat.ts'
import { type Subject, strikes } from './subject.ts'

/**
 * A cohort's arms. It follows the plan to know which block an arm is raised in, since faults strike by block: an arm is
 * raised for its first visit that is not over, and a visit is over when it failed to be raised or all its trials began.
 */
export function testbed(plan: Plan, { blocks }: Cohort): Testbed {
  const visits = blocks.flatMap(({ block, visits }) => visits.map((visit) => ({ block, visit })))
  const begun = new Set<string>()
  const isOver = ({ trials }: Visit) => trials.every(({ id }) => begun.has(id))
  const blockOf = new Map<string, number>()
  const breakOnDemand = (kind: Fault['kind'], arm: Arm, what: string) => {
    if (strikes(plan.scenario, kind, arm.name, blockOf.get(arm.name) ?? 0)) throw fault(kind, what)
  }
  return {
    async *raise(arm, signal) {
      const { block, visit } =
        visits.find((one) => one.visit.arm === arm.name && !isOver(one.visit)) ?? notPlanned(arm.name)
      blockOf.set(arm.name, block)
      yield { title: `simulating ${arm.name}` }
      signal.throwIfAborted()
      try {
        breakOnDemand('raise', arm, `arm ${arm.name} did not come up`)
      } catch (error) {
        for (const { id } of visit.trials) begun.add(id)
        throw error
      }
      yield { title: `${arm.name} answers` }
      const [first] = visit.trials
      if (!first) throw new TypeError('a visit has trials')
      return seat(`simulated/${arm.name}`, subjectOf(plan, arm, first), (command) => {
        const trial = trialOf(command, visit)
        begun.add(trial.id)
        return subjectOf(plan, arm, trial)
      })
    },
    lower: async (arm) => breakOnDemand('lower', arm, `arm ${arm.name} could not be put down`),
    [Symbol.asyncDispose]: async () => {},
  }
}

/** The trial whose name stands in the command; the longest, where one name begins another. */
function trialOf({ argv, files, outputs }: Command, { trials }: Visit): Trial {
  const text = JSON.stringify([argv, files, outputs])
  const named = trials.filter(({ id }) => text.includes(id)).sort((a, b) => b.id.length - a.id.length)
  return named[0] ?? notPlanned('a command that names no trial of its visit')
}

function subjectOf({ scenario }: Plan, arm: Arm, trial: Trial): Subject {
  const load = scenario.loads.find(({ name }) => name === trial.load) ?? notPlanned(trial.load)
  const mesh = meshes[arm.mesh] ?? notPlanned(arm.mesh)
  return { scenario, trial, arm, load, mesh }
}

function fault(kind: Fault['kind'], what: string): Failure {
  return new Failure('simulated-fault', what, {
    cause: `the scenario asks for it: simulation.faults, kind ${kind}`,
    fix: 'Take the fault out of the scenario.',
  })
}

function notPlanned(what: string): never {
  throw new TypeError(`${what}: not in the plan of this testbed`)
}
