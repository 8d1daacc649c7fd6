import { analyse } from '../../src/analyse/analyse.ts'
import { openSearches } from '../../src/analyse/capacity/searches.ts'
import { loads } from '../../src/loads/index.ts'
import type { Analysis } from '../../src/model/analysis.ts'
import type { Result } from '../../src/model/result.ts'
import { RUN_SCHEMA } from '../../src/model/result.ts'
import type { Scenario } from '../../src/model/scenario.ts'
import { makePlan } from '../../src/plan/make-plan.ts'
import { simulated } from '../../src/platforms/simulated/simulated.ts'
import { run } from '../../src/run/run.ts'

/** A whole run on the simulated platform, in memory: what `meshbench run` does, without files. */
export async function oneRun(scenario: Scenario): Promise<Analysis> {
  const plan = makePlan(scenario)
  const searches = openSearches(plan)
  const results: Result[] = []
  const world = {
    platform: simulated(),
    loads,
    identity: { id: 'bench' },
    signal: new AbortController().signal,
    ...(searches && { searches }),
    now: () => 0,
  }
  for await (const event of run(plan, 0, world)) if (event.type === 'result') results.push(event.result)
  const provenance = {
    meshbench: '0',
    node: process.version,
    commandLine: [],
    machine: { os: '', kernel: '', arch: '', cpu: '', cores: 1, memoryBytes: 0, load: 0 },
    platform: 'simulated',
    tools: [],
  }
  return analyse({
    run: { schema: RUN_SCHEMA, id: 'bench', startedAt: '', digest: '', plan, provenance },
    results,
    unreadable: [],
  })
}
