import { Failure } from '../../model/failure.ts'
import type { Cohort } from '../../model/plan.ts'
import type { Step } from '../../model/platform.ts'
import type { Arm } from '../../model/scenario.ts'
import { armMesh } from './arm.ts'
import { clusterName } from './cluster/name.ts'
import { removeCluster } from './cluster/remove.ts'
import { freeze } from './freeze.ts'
import type { Ground } from './ground.ts'
import { provision } from './provision.ts'
import { reuse } from './reuse.ts'
import { sideBySide } from './side-by-side.ts'
import type { Standing } from './standing.ts'

/** The clusters of a cohort, by arm. Whoever holds it disposes of it: then they are gone, or kept on purpose. */
export class Fleet implements AsyncDisposable {
  readonly #ground: Ground
  readonly #cohort: Cohort
  readonly #standing = new Map<string, Standing>()
  /** Arms that could not be provisioned. */
  readonly #broken = new Map<string, Failure>()

  constructor(ground: Ground, cohort: Cohort) {
    this.#ground = ground
    this.#cohort = cohort
  }

  /** Makes the cluster of every arm that the cohort visits, and freezes it. An arm that fails here fails its own trials, not the run. */
  async *provisionAll(signal: AbortSignal): AsyncGenerator<Step, void> {
    const visited = new Set(this.#cohort.blocks.flatMap(({ visits }) => visits.map(({ arm }) => arm)))
    const arms = this.#ground.plan.scenario.arms.filter(({ name }) => visited.has(name))
    const { cores } = await this.#ground.docker.info()
    yield* sideBySide(
      width(cores),
      arms.map((arm) => () => this.#provisionOne(arm, signal)),
    )
  }

  /** The arm's cluster as it stands, frozen or not; made where it is not there yet, and anew where a node has died. */
  async *of(arm: Arm, signal: AbortSignal): AsyncGenerator<Step, Standing> {
    const failure = this.#broken.get(arm.name)
    if (failure) throw failure
    if (this.#isSequential) await this.#removeOthers(arm.name)
    const found = this.#standing.get(arm.name)
    if (found && (await isWhole(found, this.#ground))) return found
    if (found) {
      yield { title: 'a node has died: making the cluster anew' }
      await this.#remove(arm.name)
    }
    return yield* this.#stand(arm, signal)
  }

  /** What is up and whole, to be put down; undefined where there is nothing to put down. */
  async up(arm: string): Promise<Standing | undefined> {
    const found = this.#standing.get(arm)
    return found && !found.frozen && (await isWhole(found, this.#ground)) ? found : undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { keep } = this.#ground
    const names = [...this.#standing.keys()]
    const outcomes = await Promise.allSettled(names.map((name) => (keep ? this.#leave(name) : this.#remove(name))))
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed) throw failed.reason
  }

  get #isSequential(): boolean {
    return this.#ground.plan.scenario.isolation === 'sequential'
  }

  async *#provisionOne(arm: Arm, signal: AbortSignal): AsyncGenerator<Step, void> {
    try {
      await freeze(yield* this.#stand(arm, signal), this.#ground)
    } catch (error) {
      signal.throwIfAborted()
      const failure = Failure.from(error)
      this.#broken.set(arm.name, failure)
      yield { title: `cannot be provisioned: ${failure.message}`, arm: arm.name }
    }
  }

  async *#stand(arm: Arm, signal: AbortSignal): AsyncGenerator<Step, Standing> {
    const { plan, site, run } = this.#ground
    const of = armMesh(arm, plan.scenario.profile, site)
    const { cohort } = this.#cohort
    // A later cohort is there to be provisioned anew.
    const kept = cohort === 1 ? yield* reuse(of, this.#ground, signal) : undefined
    const name = clusterName(run, cohort, plan.scenario.arms.indexOf(arm) + 1)
    const standing = kept ?? (yield* provision(of, name, this.#ground, signal))
    this.#standing.set(arm.name, standing)
    return standing
  }

  async #removeOthers(arm: string): Promise<void> {
    for (const other of [...this.#standing.keys()]) if (other !== arm) await this.#remove(other)
  }

  async #remove(arm: string): Promise<void> {
    const gone = this.#standing.get(arm)
    if (!gone) return
    await gone.cluster.close()
    await removeCluster(gone.name, this.#ground.docker, this.#ground.records)
    this.#standing.delete(arm)
  }

  /** For the next run: frozen, and marked as meant to stay. */
  async #leave(arm: string): Promise<void> {
    const { records } = this.#ground
    const left = this.#standing.get(arm)
    if (!left) return
    await left.cluster.close()
    await freeze(left, this.#ground)
    const record = (await records.all()).find(({ cluster }) => cluster === left.name)
    if (record) await records.write({ ...record, kept: true })
  }
}

/** How many clusters are made at once: each keeps some three cores busy while it starts. */
function width(cores: number): number {
  return Math.max(1, Math.floor(cores / 4))
}

async function isWhole({ nodes }: Standing, { docker }: Ground): Promise<boolean> {
  const names = Object.values(nodes)
  const found = await docker.inspect(names)
  return found.length === names.length && found.every(({ state }) => state === 'running' || state === 'paused')
}
