import { setTimeout as sleep } from 'node:timers/promises'
import { loads } from '../../loads/index.ts'
import { meshes } from '../../meshes/index.ts'
import { Failure } from '../../model/failure.ts'
import type { Cohort, Plan, Trial, Visit } from '../../model/plan.ts'
import type { Command, Execution, Finding, LoadOutcome, Platform, RunningArm, Testbed } from '../../model/platform.ts'
import { type Arm, type Fault, type Load, longestStall, mostGenerators } from '../../model/scenario.ts'
import { simulatedGenerators } from './simulated-generators.ts'
import { simulatedMesh } from './simulated-mesh.ts'
import { NOTHING, type Subject, server, startOf, strikes } from './simulated-server.ts'
import { idleObservationOf, observationOf, startReading } from './simulated-usage.ts'

/** A seeded model of arms whose true effects the scenario states: nothing is run, provisioned or left behind. */
export function simulated(): Platform {
  return {
    name: 'simulated',
    title: 'a seeded model of arms with known effects, for tests; it measures nothing',
    check: async (plan) => [
      { severity: 'ok', message: 'a simulation needs nothing' },
      ...unknownMeshes(plan),
      ...endlessStalls(plan),
    ],
    prepare: async function* () {
      yield { title: 'nothing to fetch for a simulation' }
      return {
        tools: [{ name: 'simulated', version: '1', origin: 'meshbench' }],
        caveat: 'Simulated: no mesh was measured; the true effects are stated in the scenario.',
      }
    },
    async *open(plan, cohort, _run, signal) {
      signal.throwIfAborted()
      yield { title: 'creating a simulated testbed' }
      return testbed(plan, cohort)
    },
    leftovers: async () => [],
  }
}

function unknownMeshes({ scenario }: Plan): Finding[] {
  return scenario.arms
    .filter(({ mesh }) => !(mesh in meshes))
    .map(({ name, mesh }) => ({
      severity: 'error',
      message: `arm ${name} asks for the mesh ${mesh}, which is not known`,
      remedy: `Choose one of: ${Object.keys(meshes).join(', ')}.`,
    }))
}

function endlessStalls({ scenario }: Plan): Finding[] {
  const { stalls } = scenario.simulation
  if (!stalls || longestStall(stalls) < stalls.every) return []
  return [
    {
      severity: 'error',
      message: 'the simulated server would never answer: a stall lasts until the next one begins',
      remedy: 'Make simulation.stalls.last, with its jitter, shorter than simulation.stalls.every.',
    },
  ]
}

/**
 * A cohort's arms. It follows the plan to know which block an arm is raised in, since faults strike by block: an arm is
 * raised for its first visit that is not over, and a visit is over when it failed to be raised or all its trials began.
 */
export function testbed(plan: Plan, { blocks }: Cohort): Testbed {
  const visits = blocks.flatMap(({ block, visits }) => visits.map((visit) => ({ block, visit })))
  const begun = new Set<string>()
  const broke = new Set<string>()
  const isOver = ({ trials }: Visit) => trials.every(({ id }) => begun.has(id))
  const blockOf = new Map<string, number>()
  const breakOnDemand = (kind: Fault['kind'], arm: Arm, message: string) => {
    if (strikes(plan.scenario, kind, arm.name, blockOf.get(arm.name) ?? 0)) throw fault(kind, message)
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
      return runningArm(`simulated/${arm.name}`, subjectOf(plan, arm, first), (command) => {
        const { planned, trial } = trialOf(command, visit)
        const subject = subjectOf(plan, arm, trial)
        // A search that broke once is tried again, on an arm that is raised again for the same visit.
        const isAgain = trial === planned || !broken(subject) || broke.has(planned.id)
        if (isAgain) begun.add(planned.id)
        else broke.add(planned.id)
        return subject
      })
    },
    lower: async (arm) => breakOnDemand('lower', arm, `arm ${arm.name} could not be put down`),
    [Symbol.asyncDispose]: async () => {},
  }
}

/**
 * The planned trial whose name stands in the command; the longest, where one name begins another. The trial of a search has a
 * number after that name, and its rate and time are those of the command.
 */
function trialOf({ argv, files, outputs }: Command, { trials }: Visit): { planned: Trial; trial: Trial } {
  const text = JSON.stringify([argv, files, outputs])
  const named = trials.filter(({ id }) => text.includes(id)).sort((a, b) => b.id.length - a.id.length)
  const planned = named[0] ?? notPlanned('a command that names no trial of its visit')
  const [, number] = /^_(\d+)/.exec(text.slice(text.indexOf(planned.id) + planned.id.length)) ?? []
  return { planned, trial: number === undefined ? planned : { ...planned, id: `${planned.id}_${number}` } }
}

function subjectOf({ scenario }: Plan, arm: Arm, trial: Trial): Subject {
  const load = scenario.loads.find(({ name }) => name === trial.load) ?? notPlanned(trial.load)
  const mesh = meshes[arm.mesh] ?? notPlanned(arm.mesh)
  return { scenario, trial, arm, load, mesh }
}

function fault(kind: Fault['kind'], message: string): Failure {
  return new Failure('simulated-fault', message, {
    cause: `the scenario injects it: simulation.faults, kind ${kind}`,
    remedy: 'Remove the fault from the scenario.',
  })
}

function notPlanned(message: string): never {
  throw new TypeError(`${message}: not in the plan of this testbed`)
}

/** An arm that is up. `begin` names the trial that a command belongs to; `visit` is any trial of the visit, before its first load. */
export function runningArm(dir: string, visit: Subject, begin: (command: Command) => Subject): RunningArm {
  let last: { readonly subject: Subject; readonly outcome: LoadOutcome } | undefined
  let waited = 0
  let mesh: ReturnType<typeof simulatedMesh> | undefined
  const run = (command: Command, subject: Subject) =>
    loads[command.program].simulate(command, {
      load: subject.load,
      start: startOf(subject),
      server: (inFlight) => server(subject, inFlight),
    })
  return {
    dir,
    start: startReading(visit),
    target: targetOf,
    generators: simulatedGenerators(mostGenerators(visit.scenario.loads), {
      begin,
      run: (command, subject) => broken(subject) ?? run(command, subject),
      ran: async (subject, outcomes, signal) => {
        last = { subject, outcome: together(outcomes) }
        await pause(subject.scenario.simulation.pace, signal)
      },
      execution,
    }),
    exec: async (command, signal) => {
      signal.throwIfAborted()
      const subject = begin(command)
      if (isWarmUp(command)) return execution(command, subject, NOTHING)
      const outcome = broken(subject) ?? run(command, subject)
      last = { subject, outcome }
      await pause(subject.scenario.simulation.pace, signal)
      return execution(command, subject, outcome)
    },
    wait: async (seconds, signal) => {
      signal.throwIfAborted()
      waited += seconds
      await mesh?.running.wait(seconds, signal)
    },
    operation: async () => ({
      carryOut: async () => ({ seen: ['Simulated: the scenario states its effects.'], ended: true }),
      restore: async () => {},
    }),
    probeSite: async () => {
      const bypassed = strikes(visit.scenario, 'bypass', visit.arm.name, visit.trial.block)
      mesh = simulatedMesh({ bypassed, layer4: meshes[visit.arm.mesh]?.layer === 'L4' })
      return mesh.site
    },
    observe: async () => {
      const from = waited
      if (mesh) return await mesh.running.observe()
      return {
        close: async () => {
          if (last) return observationOf(last.subject, last.outcome)
          if (waited > from) return idleObservationOf(visit, waited - from)
          throw new Failure('nothing-ran', 'the window closed before any load had run or any time had passed')
        },
      }
    },
  }
}

/** What several generators did, for who counts CPU. */
function together(outcomes: readonly LoadOutcome[]): LoadOutcome {
  const sum = (of: (outcome: LoadOutcome) => number) => outcomes.reduce((all, one) => all + of(one), 0)
  return {
    ...NOTHING,
    seconds: Math.max(...outcomes.map(({ seconds }) => seconds)),
    window: Math.max(...outcomes.map(({ window }) => window)),
    requests: sum(({ requests }) => requests),
    connections: sum(({ connections }) => connections),
  }
}

function targetOf({ protocol }: Load): string {
  if (protocol === 'tcp') return 'tcp://server.simulated:8078'
  return protocol === 'grpc' ? 'server.simulated:8079' : 'http://server.simulated:8080/'
}

/** A run whose output nobody asks for. */
function isWarmUp({ outputs = {} }: Command): boolean {
  return Object.keys(outputs).length === 0
}

/** A load tool ends with an exit code and without a result when its target is gone. */
function broken({ scenario, arm, trial }: Subject): LoadOutcome | undefined {
  if (!strikes(scenario, 'trial', arm.name, trial.block)) return undefined
  const stderr = 'Aborting because of dial tcp server.simulated:8080: connect: connection refused\n'
  return { ...NOTHING, exitCode: 1, stderr, window: 1 }
}

async function pause(seconds: number, signal: AbortSignal): Promise<void> {
  if (seconds <= 0) return
  await sleep(seconds * 1000, undefined, { signal }).catch((error: unknown) => {
    signal.throwIfAborted()
    throw error
  })
}

function execution({ outputs = {} }: Command, subject: Subject, outcome: LoadOutcome): Execution {
  const startedAt = startOf(subject)
  return {
    exitCode: outcome.exitCode,
    stdout: outcome.stdout,
    stderr: outcome.stderr,
    startedAt,
    endedAt: startedAt + outcome.seconds,
    read: (name) => chunks(outcome.files.get(outputs[name] ?? '') ?? ''),
    discard: async () => {},
  }
}

const CHUNK = 65_536

async function* chunks(content: string | Uint8Array): AsyncGenerator<Uint8Array> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  for (let from = 0; from < bytes.length; from += CHUNK) yield bytes.subarray(from, from + CHUNK)
}
