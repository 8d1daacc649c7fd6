import type { Trial } from '../../src/model/plan.ts'
import type { Random } from '../../src/stats/random.ts'
import { HOST, simulatedTail, type Tail } from './tails.ts'

/** One night: for every trial of it, logarithms of what each metric is multiplied by. `slower`: true relative increase of the tail. */
export type Noise = (
  random: Random,
) => (trial: Trial, about: { readonly isCandidate: boolean; readonly slower: number }) => readonly number[]

export type Shape = 'normal' | 't3'

const METRICS = 3

/** Of standard deviation 1. Student's t of three degrees of freedom has a variance of 3. */
export function drawn(random: Random, shape: Shape): number {
  if (shape === 'normal') return random.normal()
  const chi = random.normal() ** 2 + random.normal() ** 2 + random.normal() ** 2
  return random.normal() / Math.sqrt(chi / 3) / Math.sqrt(3)
}

export interface NoiseAbout {
  readonly shape: Shape
  /** Standard deviation of the log-ratio of two arms in a block, s_D. */
  readonly deviation: number
  /** Growth of all levels from the first trial of the night to the last, as a share. */
  readonly drift?: number
  /** Standard deviation of an arm's level from one provisioning to the next: of a mesh, and of the baseline. */
  readonly between?: number
  readonly baseline?: number
  /** Of the variance of an arm in a block: the share that all its cells have in common. */
  readonly together?: number
}

/** Cells independent of each other where nothing is said, which is the worst for a family; the level of a block common to both arms. */
export function modelled(about: NoiseAbout): Noise {
  const { shape, deviation, drift = 0, between = 0, baseline = between, together = 0 } = about
  const scatterOf = (share: number) => (Math.sqrt(share) * deviation) / Math.SQRT2
  const [own, common] = [scatterOf(1 - together), scatterOf(together)]
  return (random) => {
    const blocks = new Map<number, number>()
    const cohorts = new Map<string, number[]>()
    const armsInBlocks = new Map<string, number>()
    return ({ arm, load, cohort, block, order }, { slower }) => {
      const level = known(blocks, block, () => 0.1 * random.normal())
      const provisioned = known(cohorts, `${arm} ${load} ${cohort}`, () =>
        Array.from({ length: METRICS }, () => (arm.startsWith('none') ? baseline : between) * random.normal()),
      )
      const shared = common && common * known(armsInBlocks, `${arm} ${block}`, () => drawn(random, shape))
      const drifted = level + shared + (Math.log1p(drift) * order) / TRIALS
      return withTail(
        provisioned.map((luck) => drifted + luck + own * drawn(random, shape)),
        Math.log1p(slower),
      )
    }
  }
}

/** Of a night of ten blocks, three arms and twelve loads. */
const TRIALS = 360

/** Log-ratios that real blocks had: without a difference, each could as well have been the other way round. */
export function flipped(bank: readonly (readonly number[])[]): Noise {
  return (random) => {
    const blocks = new Map<string, readonly number[]>()
    return ({ load, block }, { isCandidate, slower }) => {
      const ratios = known(blocks, `${load} ${block}`, () => {
        const sign = random.integer(2) === 0 ? 1 : -1
        return (bank[random.integer(bank.length)] ?? []).map((ratio) => sign * ratio)
      })
      return isCandidate ? withTail(ratios, Math.log1p(slower)) : ratios.map(() => 0)
    }
  }
}

/** Median service time of the simulated windows. */
const SERVICE = 3e-3

/** As `modelled`, with normal noise of the arms, and the tail of each trial made of requests on a host that stalls. */
export function stalled(tail: Tail, deviation: number, window = HOST): Noise {
  const noise = modelled({ shape: 'normal', deviation })
  return (random) => {
    const luck = noise(random)
    return (trial, about) => {
      const [p50 = 0, level = 0, cpu = 0] = luck(trial, about)
      return [p50, Math.log(simulatedTail(tail, window, SERVICE * Math.exp(level), random) / SERVICE), cpu]
    }
  }
}

/** More of the tail, which is the second metric of a night. */
function withTail([p50 = 0, tail = 0, cpu = 0]: readonly number[], more: number): number[] {
  return [p50, tail + more, cpu]
}

function known<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const value = map.get(key) ?? make()
  map.set(key, value)
  return value
}
