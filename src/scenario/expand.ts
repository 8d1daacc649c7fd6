import type { Load } from '../model/scenario.ts'
import type { Draft, DraftArm, DraftLoad, Sketch } from './draft.ts'
import type { Path } from './finding.ts'

/** More than this is a mistake; expansion stops there, so that a few long lists do not fill the memory. */
export const MAX_LOADS = 100

/** Keys that may hold a list, in the order in which names mention them. */
const LISTS = ['protocol', 'rate', 'tool', 'connections', 'payload'] as const
type ListKey = (typeof LISTS)[number]

type LoadSketch = NonNullable<NonNullable<Sketch['loads']>[number]>
type Choice = { readonly value: unknown; readonly path: Path }
type Choices = Readonly<Record<ListKey, readonly Choice[]>>

/** Bare mesh names become arms, and lists of values become loads of their own. */
export function expand(sketch: Partial<Sketch>): Draft {
  const loads = Iterator.from((sketch.loads ?? []).entries())
    .flatMap(([index, load]) => loadsOf(load ?? {}, ['loads', index]))
    .take(MAX_LOADS + 1)
  return { sketch, arms: (sketch.arms ?? []).map(armOf), loads: [...loads] }
}

/** A name that is there and wrong stays unknown: the default would be found to clash with others. */
function armOf(arm: NonNullable<Sketch['arms']>[number], index: number): DraftArm {
  const path = ['arms', index]
  if (arm === undefined) return { arm: {}, path }
  if (typeof arm === 'string') return { arm: { name: arm, mesh: arm }, path }
  return { arm: 'name' in arm ? arm : { name: arm.mesh, ...arm }, path }
}

function* loadsOf(load: Partial<LoadSketch>, path: Path): Generator<DraftLoad> {
  const choices = Object.fromEntries(LISTS.map((key) => [key, choicesOf(load, key, path)])) as unknown as Choices
  for (const chosen of combinations(choices)) {
    const values = Object.fromEntries(LISTS.map((key) => [key, chosen[key].value])) as Partial<Load>
    const { warmup, duration } = load
    yield {
      load: { name: nameOf(load, values, choices), ...values, warmup, duration },
      path,
      at: (key) => (key in chosen ? chosen[key as ListKey].path : [...path, key]),
    }
  }
}

function choicesOf(load: Partial<LoadSketch>, key: ListKey, path: Path): readonly Choice[] {
  const written = load[key]
  if (!Array.isArray(written)) return [{ value: written, path: [...path, key] }]
  if (written.length === 0) return [{ value: undefined, path: [...path, key] }]
  return written.map((value, index) => ({ value, path: [...path, key, index] }))
}

/** Every combination of one choice per key; the last key varies fastest. */
function* combinations(
  choices: Choices,
  keys: readonly ListKey[] = LISTS,
): Generator<Readonly<Record<ListKey, Choice>>> {
  const [key, ...rest] = keys
  if (key === undefined) {
    yield {} as Record<ListKey, Choice>
    return
  }
  for (const choice of choices[key]) {
    for (const others of combinations(choices, rest)) yield { ...others, [key]: choice }
  }
}

/** The given name, or protocol and rate; and whatever else a list makes differ: `http-1000-16c-1kib`. */
function nameOf(load: Partial<LoadSketch>, values: Partial<Load>, choices: Choices): string | undefined {
  const given = 'name' in load
  const parts = LISTS.filter(
    (key) => choices[key].length > 1 || (!given && (key === 'protocol' || key === 'rate')),
  ).map((key) => partOf(key, values))
  const all = given ? [load.name, ...parts] : parts
  return all.includes(undefined) ? undefined : all.join('-')
}

function partOf(key: ListKey, values: Partial<Load>): string | undefined {
  const value = values[key]
  if (typeof value !== 'number') return value
  if (key === 'connections') return `${value}c`
  if (key === 'payload') return value > 0 && value % 1024 === 0 ? `${value / 1024}kib` : `${value}b`
  return String(Number(value.toPrecision(6)))
}
