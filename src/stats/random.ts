import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** A seeded stream of numbers. */
export interface Random {
  /** In [0, 1). */
  uniform(): number
  /** An integer in [0, below). */
  integer(below: number): number
  /** Standard normal. */
  normal(): number
  /** A shuffled copy (Fisher–Yates). */
  shuffle<T>(items: readonly T[]): T[]
}

/**
 * The stream that belongs to a seed and a path of labels. Each use names its own labels, so that drawing more in one
 * place never changes what another place draws.
 */
export function random(seed: number, ...labels: (string | number)[]): Random {
  const generator = xoroshiro128plus(hash(`${seed}/${labels.join('/')}`))
  const uniform = () => uniformFloat64(generator)
  const integer = (below: number) => uniformInt(generator, 0, below - 1)
  return {
    uniform,
    integer,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    shuffle: (items) => {
      const shuffled = [...items]
      for (let last = shuffled.length - 1; last > 0; last--) {
        const other = integer(last + 1)
        ;[shuffled[last], shuffled[other]] = [shuffled[other] as never, shuffled[last] as never]
      }
      return shuffled
    },
  }
}

/**
 * FNV-1a, 32 bits, and MurmurHash3's last mixing. The mixing is needed: the low bits of FNV follow the low bits of the
 * last character, and a generator's first draw follows its seed, so that labels which count up would shuffle in turns.
 */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) | 0
}
