import { meshes } from '../../meshes/index.ts'
import type { Plan } from '../../model/plan.ts'
import type { Finding, Platform } from '../../model/platform.ts'
import { longestStall } from '../../model/scenario.ts'
import { testbed } from './testbed.ts'

/** A seeded model of arms whose true effects the scenario states: nothing is run, provisioned or left behind. */
export function simulated(): Platform {
  return {
    name: 'simulated',
    title: 'a seeded model of arms with known true effects: proves the harness, measures nothing',
    check: async (plan) => [
      { severity: 'ok', what: 'a simulation needs nothing' },
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
      yield { title: 'making up a testbed' }
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
      what: `arm ${name} asks for the mesh ${mesh}, which is not known`,
      fix: `Choose one of: ${Object.keys(meshes).join(', ')}.`,
    }))
}

function endlessStalls({ scenario }: Plan): Finding[] {
  const { stalls } = scenario.simulation
  if (!stalls || longestStall(stalls) < stalls.every) return []
  return [
    {
      severity: 'error',
      what: 'the simulated server would never answer: a stall lasts until the next one begins',
      fix: 'Make simulation.stalls.last, with its jitter, shorter than simulation.stalls.every.',
    },
  ]
}
