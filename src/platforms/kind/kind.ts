import { processLeftovers } from '../../host/process-leftovers.ts'
import { makeScratch, type Scratch, scratchLeftovers } from '../../host/scratch.ts'
import { chartShelf } from '../../kubernetes/chart-shelf.ts'
import { manifestShelf } from '../../kubernetes/manifest-shelf.ts'
import { Failure } from '../../model/failure.ts'
import type { Plan } from '../../model/plan.ts'
import { isAbandoned, type Leftover, type Platform, type Step } from '../../model/platform.ts'
import type { Site } from '../../model/site.ts'
import type { Program } from '../../model/tool.ts'
import { catalogueFor } from '../../site/catalogue-for.ts'
import { obtainAll } from '../../tools/obtain-all.ts'
import { armMesh, imagesOf } from './arm.ts'
import { checkKind, reviewKind } from './check/check-kind.ts'
import { readersOf } from './check/readers.ts'
import { type Examination, examineArms } from './check/remote-trouble.ts'
import { imageShelf, pullImages } from './cluster/images.ts'
import { clusterLeftovers } from './cluster/leftovers.ts'
import { network } from './cluster/network.ts'
import { pulledImages } from './cluster/pulled.ts'
import { records } from './cluster/record.ts'
import { docker } from './docker.ts'
import type { Ground } from './ground.ts'
import { makeTestbed } from './testbed.ts'

export interface KindOptions {
  readonly site: Site
  /** Leave the clusters standing, frozen, for the next run. */
  readonly keep: boolean
}

/** Arms as clusters of three nodes each, made by kind in Docker; all but the measured one are frozen. */
export function kind({ site, keep }: KindOptions): Platform {
  let programs: { readonly kind: Program; readonly helm: Program } | undefined
  let isExamined = false
  const examine = async (what: Examination) => {
    const found = await examineArms(what)
    isExamined = found !== undefined
    return found
  }
  return {
    name: 'kind',
    title: 'real meshes, each in a Kubernetes cluster of its own, made by kind in Docker',
    check: (plan) => checkKind(plan, site, { ...readersOf(), examine }),
    review: (plan) => reviewKind(plan, site, { examine: examineArms }),
    async *prepare(plan, signal) {
      programs = yield* obtainAll(['kind', 'helm'], { signal, catalogue: catalogueFor(site) })
      if (!isExamined) yield* refuseCharts(plan, site, programs.helm)
      const images = yield* pullImages(imagesOf(plan.scenario, site), docker({ signal }))
      return { tools: [programs.kind.provenance, programs.helm.provenance, ...images], caveat: CAVEAT }
    },
    async *open(plan, cohort, run, signal) {
      if (!programs) throw new Failure('not-prepared', 'a run is prepared before it is opened')
      yield* removeRemains(run.id)
      await using held = new AsyncDisposableStack()
      const scratch = await makeScratch(run.id)
      held.defer(() => scratch.remove())
      const ground = groundOf({ plan, run: run.id, site, keep, ...programs }, scratch)
      const testbed = held.use(yield* makeTestbed(ground, cohort, signal))
      const owned = held.move()
      return { raise: testbed.raise, lower: testbed.lower, [Symbol.asyncDispose]: () => owned.disposeAsync() }
    },
    leftovers,
  }
}

/** Where helm was not here when the plan was checked, it is now. */
async function* refuseCharts({ scenario }: Plan, site: Site, { path }: Program): AsyncGenerator<Step> {
  yield { title: 'rendering the charts of all arms' }
  const arms = scenario.arms.map((arm) => armMesh(arm, scenario.profile, site))
  const found = (await examineArms({ arms, site, helm: path })) ?? []
  for (const { severity, what, why } of found) if (severity === 'warning') yield { title: `warning: ${what}. ${why}` }
  const wrong = found.filter(({ severity }) => severity === 'error')
  if (wrong.length === 0) return
  throw new Failure('not-ready', 'the charts of this plan do not make what their arms need', {
    cause: wrong.map(({ what, why }) => [what, why].filter(Boolean).join(': ')).join('\n'),
    fix: [...new Set(wrong.map(({ fix }) => fix))].join(' '),
  })
}

type Chosen = Pick<Ground, 'plan' | 'run' | 'site' | 'keep' | 'kind' | 'helm'>

function groundOf(chosen: Chosen, { dir, stamps }: Scratch): Ground {
  const env = { ...process.env, ...stamps }
  const able = docker({ env })
  const charts = chartShelf({ helm: chosen.helm.path, dir, env })
  const shelves = { images: imageShelf(dir, able), charts, manifests: manifestShelf() }
  return { ...chosen, ...shelves, env, dir, docker: able, records: records(), network: network() }
}

/** In the order in which they are to go: what still works makes more of the others. */
async function leftovers(): Promise<Leftover[]> {
  const images = await pulledImages().leftovers(docker())
  return [...processLeftovers(), ...(await clusterLeftovers()), ...scratchLeftovers(), ...images]
}

/** A run that is resumed gives its clusters the names that those of its killed part have. */
async function* removeRemains(run: string): AsyncGenerator<Step> {
  for (const left of (await leftovers()).filter((left) => left.run === run && isAbandoned(left))) {
    yield { title: `removing what this run left when it was killed: ${left.what}` }
    await left.remove()
  }
}

const CAVEAT =
  'Every arm has a cluster of its own on one machine: nodes are containers that share its cores, so figures compare meshes and do not predict a production cluster.'
