import { processLeftovers } from '../../host/processes.ts'
import { scratchLeftovers } from '../../host/scratch.ts'
import { Failure } from '../../model/failure.ts'
import type { Leftover, Platform, Step } from '../../model/platform.ts'
import type { Program, ProgramName } from '../../model/site.ts'
import { CATALOGUE, type Catalogue } from '../../tools/catalogue.ts'
import { locate as locateTool } from '../../tools/locate.ts'
import { type ObtainAbout, obtainAll } from '../../tools/obtain.ts'
import { removeRemains } from '../remains.ts'
import { checkPlan, type Locate, programsFor } from './check-local.ts'
import { makeTestbed } from './local-testbed.ts'

export interface LocalOptions {
  /** Finds or fetches programs, all at once. */
  readonly obtain?: (
    names: ProgramName[],
    about: ObtainAbout,
  ) => AsyncGenerator<Step, Readonly<Record<string, Program>>>
  /** Finds a program, and never fetches. */
  readonly locate?: Locate
  /** Where programs come from; the public addresses when absent. */
  readonly catalogue?: Catalogue
}

const CAVEAT =
  'Architectures on one proxy (Envoy), not Istio or Linkerd: real proxies, real mTLS and real load as processes on this host, no Kubernetes.'

/** Arms as processes on this host: fortio as the application, Envoy as every proxy, no container engine. */
export function local(options: LocalOptions = {}): Platform {
  const { obtain = obtainAll, locate = locateTool, catalogue = CATALOGUE } = options
  const programs = new Map<ProgramName, Program>()
  const findProgram = async (name: ProgramName) => {
    const program = programs.get(name) ?? (await locate(name))
    if (program) {
      programs.set(name, program)
      return program
    }
    throw new Failure('no-program', `${name} is not on this machine`, {
      remedy: 'Run `meshbench doctor`: it fetches what is missing.',
    })
  }
  return {
    name: 'local',
    title: 'real proxies, mTLS and load as processes on this host: architectures on one proxy (Envoy)',
    check: (plan) => checkPlan(plan, locate, process.platform),
    async *prepare(plan, signal) {
      const found = yield* obtain(programsFor(plan), { signal, catalogue })
      for (const program of Object.values(found)) programs.set(program.name, program)
      return { tools: [...programs.values()].map(({ provenance }) => provenance), caveat: CAVEAT }
    },
    async *open(plan, _cohort, run, signal) {
      signal.throwIfAborted()
      yield* removeRemains(leftovers, run.id)
      yield { title: 'issuing certificates' }
      return await makeTestbed({ plan, run: run.id, program: findProgram })
    },
    leftovers,
  }
}

async function leftovers(): Promise<Leftover[]> {
  return [...processLeftovers(), ...scratchLeftovers()]
}
