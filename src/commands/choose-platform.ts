import { meshes } from '../meshes/index.ts'
import { Failure } from '../model/failure.ts'
import type { PlatformName, Scenario } from '../model/scenario.ts'
import type { Site } from '../model/site.ts'
import { formatSize } from '../model/units.ts'
import { memoryNeeded } from '../platforms/kind/check/memory-needed.ts'
import type { Hindrance, KindProbe } from '../platforms/kind/check/probe.ts'
import { fittingPlatforms } from '../scenario/fitting-platforms.ts'
import { chooseScenario, localTwin, type SelectionOptions } from './selection.ts'
import type { Surroundings } from './surroundings.ts'

/** A scenario with the platform that it will be measured on. */
export type Settled = Scenario & { readonly platform: PlatformName }

/** What `run` takes when nothing is asked for. */
const DEFAULT = 'quick'

export interface Choice {
  /** As typed; the default scenario when absent. */
  readonly given: string | undefined
  readonly options: SelectionOptions
  readonly site: Site
  readonly surroundings: Surroundings
  readonly probe: KindProbe
}

/**
 * The scenario, and where it is measured: where it or the command line says; else on kind, where clusters can be made; else
 * on this host, as far as that was not asked for otherwise. What is chosen for the user is said, with the reason.
 */
export async function choosePlatform({ given, options, site, surroundings, probe }: Choice): Promise<Settled> {
  const say = (line: string) => void surroundings.stderr.write(`${line}\n`)
  const name = given ?? (options.platform === 'local' ? `${DEFAULT}-local` : DEFAULT)
  const scenario = await chooseScenario(name, options, surroundings)
  if (scenario.platform) return withIsolation({ ...scenario, platform: scenario.platform }, probe, say)
  const fitting = fittingPlatforms(scenario.arms.flatMap(({ mesh }) => meshes[mesh] ?? []))
  if (!fitting.includes('kind')) return { ...scenario, platform: fitting[0] ?? 'simulated' }
  const hindrance = await probe.hindrance(scenario, site)
  if (!hindrance) {
    say('platform kind: Docker answers, and every image is here or its registry answers')
    return withIsolation({ ...scenario, platform: 'kind' }, probe, say)
  }
  if (fitting.includes('local')) {
    say(`platform local: ${hindrance.why}\n  for clusters: ${hindrance.fix}`)
    return { ...scenario, platform: 'local' }
  }
  const isAsked = given !== undefined || options.arms !== undefined || options.loads !== undefined
  if (isAsked) throw await noClusters(name, hindrance)
  say(
    `platform local, scenario ${DEFAULT}-local: ${hindrance.why}\n` +
      `  for real meshes: ${hindrance.fix}; then again, or meshbench doctor --platform kind`,
  )
  return { ...(await chooseScenario(`${DEFAULT}-local`, options, surroundings)), platform: 'local' }
}

async function noClusters(name: string, { why, fix }: Hindrance): Promise<Failure> {
  const twin = await localTwin(name)
  return new Failure('no-clusters', `the scenario ${name} needs clusters, and none can be made here`, {
    cause: why,
    fix: `${fix}.${twin ? ` Without clusters: meshbench run ${twin}` : ''}`,
  })
}

/** Frozen, unless the memory does not take all arms at once. */
async function withIsolation(scenario: Settled, probe: KindProbe, say: (line: string) => void): Promise<Settled> {
  if (scenario.platform !== 'kind' || scenario.isolation) return scenario
  const there = await probe.memory()
  const needed = memoryNeeded(scenario.arms, 'frozen')
  if (there === undefined || there >= needed) return { ...scenario, isolation: 'frozen' }
  say(
    `isolation sequential: ${scenario.arms.length} arms at once need ${formatSize(needed)} of memory, and there is ${formatSize(there)}\n` +
      '  so arms are measured one after the other, and drift cannot be told from them; with fewer --arms, or --isolation frozen, they are interleaved',
  )
  return { ...scenario, isolation: 'sequential' }
}
