import { Failure } from '../../model/failure.ts'
import type { Cohort } from '../../model/plan.ts'
import type { Step } from '../../model/platform.ts'
import type { Arm } from '../../model/scenario.ts'
import { freeze, isFrozen } from './freeze.ts'
import type { Ground } from './ground.ts'
import { sideBySide } from './side-by-side.ts'
import { stand as realStand } from './stand.ts'
import type { Standing } from './standing.ts'
import { leaveStanding, removeStanding } from './take-down.ts'

/** How often an arm's cluster is tried to be made: what breaks twice would break in every block. */
const TRIES = 2

/** The clusters of a cohort, by arm. Whoever holds it disposes of it: then they are gone, or kept on purpose. */
export class Fleet implements AsyncDisposable {
  readonly #ground: Ground
  readonly #cohort: Cohort
  readonly #stand: typeof realStand
  readonly #standing = new Map<string, Standing>()
  readonly #failures = new Map<string, readonly Failure[]>()

  constructor(ground: Ground, cohort: Cohort, stand = realStand) {
    this.#ground = ground
    this.#cohort = cohort
    this.#stand = stand
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
    await this.#ground.images.clear()
  }

  /** The arm's cluster as it stands, frozen or not; made where it is not there yet, and anew where a node has died. */
  async *of(arm: Arm, signal: AbortSignal): AsyncGenerator<Step, Standing> {
    const failure = this.#brokenBy(arm.name)
    if (failure) throw failure
    if (this.#isSequential) await this.#removeOthers(arm.name)
    const found = this.#standing.get(arm.name)
    if (found && (await isWhole(found, this.#ground))) return found
    if (found) {
      yield { title: 'a node has died: making the cluster anew' }
      await this.#remove(arm.name)
    }
    try {
      return yield* this.#make(arm, signal)
    } finally {
      await this.#ground.images.clear()
    }
  }

  /**
   * What is up, to be put down; undefined where there is nothing to put down. A cluster that has lost a node is removed here:
   * what is left of it would run on beside every arm that is measured until its own next visit.
   */
  async toPutDown(arm: string): Promise<Standing | undefined> {
    const found = this.#standing.get(arm)
    if (!found || (await isFrozen(found, this.#ground))) return undefined
    if (await isWhole(found, this.#ground)) return found
    await this.#remove(arm)
    return undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A later cohort has clusters of its own, and only the last ones are worth their memory.
    const isLast = this.#ground.plan.cohorts.at(-1)?.cohort === this.#cohort.cohort
    const keep = this.#ground.keep && isLast
    const names = [...this.#standing.keys()]
    const outcomes = await Promise.allSettled(names.map((name) => (keep ? this.#leave(name) : this.#remove(name))))
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed) throw failed.reason
  }

  get #isSequential(): boolean {
    return this.#ground.plan.scenario.isolation === 'sequential'
  }

  async *#provisionOne(arm: Arm, signal: AbortSignal): AsyncGenerator<Step, void> {
    while (!this.#brokenBy(arm.name)) {
      try {
        const standing = yield* this.#make(arm, signal)
        await this.#freezeOrRemove(standing, arm)
        return
      } catch (error) {
        signal.throwIfAborted()
        if (error instanceof Failure && error.code === 'not-clean') throw error
        yield { title: `cannot be provisioned: ${Failure.from(error).message}`, arm: arm.name }
      }
    }
  }

  /** One that cannot be frozen would run on beside the others and take time from every one that is measured. */
  async #freezeOrRemove(standing: Standing, arm: Arm): Promise<void> {
    try {
      await freeze(standing, this.#ground)
    } catch (error) {
      await this.#remove(arm.name).catch((cause: unknown) => {
        throw new Failure('not-clean', `arm ${arm.name} can be neither frozen nor removed`, {
          cause,
          fix: 'It would take time from every arm that is measured, so the run ends here: `meshbench clean`, then `meshbench run --resume`.',
        })
      })
      throw this.#note(arm.name, error)
    }
  }

  async *#make(arm: Arm, signal: AbortSignal): AsyncGenerator<Step, Standing> {
    try {
      const standing = yield* this.#stand(arm, this.#cohort.cohort, this.#ground, signal)
      this.#standing.set(arm.name, standing)
      return standing
    } catch (error) {
      signal.throwIfAborted()
      throw this.#note(arm.name, error)
    }
  }

  #note(arm: string, error: unknown): Failure {
    const failure = Failure.from(error)
    this.#failures.set(arm, [...(this.#failures.get(arm) ?? []), failure])
    return failure
  }

  /** Why an arm is given up. */
  #brokenBy(arm: string): Failure | undefined {
    const failures = this.#failures.get(arm) ?? []
    const isHopeless = failures.some(({ code }) => code === 'unsupported')
    return isHopeless || failures.length >= TRIES ? failures.at(-1) : undefined
  }

  async #removeOthers(arm: string): Promise<void> {
    for (const other of [...this.#standing.keys()]) if (other !== arm) await this.#remove(other)
  }

  async #remove(arm: string): Promise<void> {
    const gone = this.#standing.get(arm)
    if (!gone) return
    await removeStanding(gone, this.#ground)
    this.#standing.delete(arm)
  }

  async #leave(arm: string): Promise<void> {
    const left = this.#standing.get(arm)
    if (!left) return
    // One without all its nodes is of no use to anybody.
    if (await isWhole(left, this.#ground)) await leaveStanding(left, this.#ground)
    else await this.#remove(arm)
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
