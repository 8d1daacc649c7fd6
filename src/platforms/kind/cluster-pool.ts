import { Failure } from '../../model/failure.ts'
import { type Cohort, visitedArms } from '../../model/plan.ts'
import type { Step } from '../../model/platform.ts'
import type { Arm } from '../../model/scenario.ts'
import { atOnce } from '../at-once.ts'
import { freeze, isFrozen } from './freeze.ts'
import { leaveArmCluster, stand as realStand, removeArmCluster } from './provision.ts'
import type { ArmCluster, RunContext } from './run-context.ts'

/** How often an arm's cluster is tried to be made: what breaks twice would break in every block. */
const TRIES = 2

/** The clusters of a cohort, by arm. Whoever holds it disposes of it: then they are gone, or kept on purpose. */
export class ClusterPool implements AsyncDisposable {
  readonly #runContext: RunContext
  readonly #cohort: Cohort
  readonly #stand: typeof realStand
  readonly #armCluster = new Map<string, ArmCluster>()
  readonly #failures = new Map<string, readonly Failure[]>()

  constructor(runContext: RunContext, cohort: Cohort, stand = realStand) {
    this.#runContext = runContext
    this.#cohort = cohort
    this.#stand = stand
  }

  /** Makes the cluster of every arm that the cohort visits, and freezes it. An arm that fails here fails its own trials, not the run. */
  async *provisionAll(signal: AbortSignal): AsyncGenerator<Step, void> {
    const arms = visitedArms(this.#runContext.plan, this.#cohort)
    const { cores } = await this.#runContext.docker.info()
    yield* atOnce(
      width(cores),
      arms.map((arm) => () => this.#provisionOne(arm, signal)),
    )
    await this.#runContext.images.clear()
  }

  /** The arm's cluster as it stands, frozen or not; made where it is not there yet, and anew where a node has died. */
  async *of(arm: Arm, signal: AbortSignal): AsyncGenerator<Step, ArmCluster> {
    const failure = this.#brokenBy(arm.name)
    if (failure) throw failure
    if (this.#isSequential) await this.#removeOthers(arm.name)
    const found = this.#armCluster.get(arm.name)
    if (found && (await isWhole(found, this.#runContext))) return found
    if (found) {
      yield { title: 'a node has died: creating the cluster again' }
      await this.#remove(arm.name)
    }
    try {
      return yield* this.#make(arm, signal)
    } finally {
      await this.#runContext.images.clear()
    }
  }

  /**
   * What is up, to be put down; undefined where there is nothing to put down. A cluster that has lost a node is removed here:
   * what is left of it would run on beside every arm that is measured until its own next visit.
   */
  async toPutDown(arm: string): Promise<ArmCluster | undefined> {
    const found = this.#armCluster.get(arm)
    if (!found || (await isFrozen(found, this.#runContext))) return undefined
    if (await isWhole(found, this.#runContext)) return found
    await this.#remove(arm)
    return undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A later cohort has clusters of its own, and only the last ones are worth their memory.
    const isLast = this.#runContext.plan.cohorts.at(-1)?.cohort === this.#cohort.cohort
    const keep = this.#runContext.keep && isLast
    const names = [...this.#armCluster.keys()]
    const outcomes = await Promise.allSettled(names.map((name) => (keep ? this.#leave(name) : this.#remove(name))))
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed) throw failed.reason
  }

  get #isSequential(): boolean {
    return this.#runContext.plan.scenario.isolation === 'sequential'
  }

  async *#provisionOne(arm: Arm, signal: AbortSignal): AsyncGenerator<Step, void> {
    while (!this.#brokenBy(arm.name)) {
      try {
        const armCluster = yield* this.#make(arm, signal)
        await this.#freezeOrRemove(armCluster, arm)
        return
      } catch (error) {
        signal.throwIfAborted()
        if (error instanceof Failure && error.code === 'not-clean') throw error
        yield { title: `cannot be provisioned: ${Failure.from(error).message}`, arm: arm.name }
      }
    }
  }

  /** One that cannot be frozen would run on beside the others and take time from every one that is measured. */
  async #freezeOrRemove(armCluster: ArmCluster, arm: Arm): Promise<void> {
    try {
      await freeze(armCluster, this.#runContext)
    } catch (error) {
      await this.#remove(arm.name).catch((cause: unknown) => {
        throw new Failure('not-clean', `arm ${arm.name} can be neither frozen nor removed`, {
          cause,
          remedy:
            'It would take CPU from every measured arm, so the run ends. Run `meshbench clean`, then `meshbench run --resume`.',
        })
      })
      throw this.#note(arm.name, error)
    }
  }

  async *#make(arm: Arm, signal: AbortSignal): AsyncGenerator<Step, ArmCluster> {
    try {
      const armCluster = yield* this.#stand(arm, this.#cohort.cohort, this.#runContext, signal)
      this.#armCluster.set(arm.name, armCluster)
      return armCluster
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
    for (const other of [...this.#armCluster.keys()]) if (other !== arm) await this.#remove(other)
  }

  async #remove(arm: string): Promise<void> {
    const gone = this.#armCluster.get(arm)
    if (!gone) return
    await removeArmCluster(gone, this.#runContext)
    this.#armCluster.delete(arm)
  }

  async #leave(arm: string): Promise<void> {
    const left = this.#armCluster.get(arm)
    if (!left) return
    // One without all its nodes is of no use to anybody.
    if (await isWhole(left, this.#runContext)) await leaveArmCluster(left, this.#runContext)
    else await this.#remove(arm)
  }
}

/** How many clusters are made at once: each keeps some three cores busy while it starts. */
function width(cores: number): number {
  return Math.max(1, Math.floor(cores / 4))
}

async function isWhole({ nodes }: ArmCluster, { docker }: RunContext): Promise<boolean> {
  const names = Object.values(nodes)
  const found = await docker.inspect(names)
  return found.length === names.length && found.every(({ state }) => state === 'running' || state === 'paused')
}
