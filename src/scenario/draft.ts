import type { z } from 'zod'
import type { Mesh } from '../model/mesh.ts'
import type { Arm, Capacity, ENTRANCES, Load, LoadRequest, Scenario } from '../model/scenario.ts'
import { answerOf, rootOf, type ServiceGraph, troublesOf } from '../model/service-graph.ts'
import { operations } from '../operations/index.ts'
import type { Tolerated } from '../yaml/schema-problems.ts'
import type { Finding, Path } from '../yaml/yaml-finding.ts'
import type { scenarioSchema } from './schema.ts'

/** A scenario as written, in base units and with defaults, before lists are expanded. */
type Written = z.output<typeof scenarioSchema>

/** The same where parts of it may be wrong. */
type Sketch = NonNullable<Tolerated<Written>>

type Loose<T> = { readonly [Key in keyof T]?: T[Key] | undefined }

/** An arm, with its place. What is undefined is either left out or wrong, and then already reported. */
interface DraftArm {
  readonly arm: Loose<Omit<Arm, 'inject' | 'entrance'>> & {
    readonly inject?: Loose<NonNullable<Arm['inject']>> | undefined
    readonly entrance?: (typeof ENTRANCES)[number] | undefined
  }
  readonly path: Path
}

type LooseLoad = Loose<Omit<Load, 'capacity'>> & { readonly capacity?: Loose<Capacity> | undefined }

/** One load of those that an entry expands to; its values may stand in lists. */
export interface DraftLoad {
  readonly load: LooseLoad
  readonly path: Path
  at(key: keyof Load): Path
}

/** A scenario under check. Correct parts are complete, so that one mistake does not hide others. */
export interface Draft {
  readonly sketch: Omit<Partial<Sketch>, 'arms' | 'loads' | 'generators'>
  readonly arms: readonly DraftArm[]
  readonly loads: readonly DraftLoad[]
}

/**
 * Makes a scenario of a draft without findings, in which every required value is defined. The entrance becomes that of each arm whose mesh
 * has a gateway, since arms with different entrances are different arms. Claims are no part of what is run.
 */
export function scenarioOf(
  { sketch: { entrance: ofAll, claims: _, ...sketch }, arms, loads }: Draft,
  meshes: Meshes,
): Scenario {
  const entering = arms.map(({ arm: { entrance = ofAll, ...arm } }) => {
    const isBehind = entrance === 'gateway' && meshNamed(meshes, arm.mesh)?.kubernetes?.gateway
    return isBehind ? { ...arm, entrance } : arm
  })
  const all = loads.map(({ load }) => load as Load)
  return { ...sketch, arms: entering, loads: withSkipped(all, entering as readonly Arm[], meshes) } as Scenario
}

/** The arms that cannot have an operation, with the reason. */
export function skippedBy(
  operation: string | undefined,
  arms: readonly DraftArm['arm'][],
  meshes: Meshes,
): Readonly<Record<string, string>> {
  const found = operations[operation ?? '']
  if (!found) return {}
  const lacking = arms.flatMap(({ name, mesh: of, values }) => {
    const mesh = meshNamed(meshes, of)
    const lack = mesh && found.lack(mesh, values ? { values } : {})
    return name === undefined || lack === undefined ? [] : [[name, lack] as const]
  })
  return Object.fromEntries(lacking)
}

/** The loads, each with the arms that cannot have its operation. */
export function withSkipped(loads: readonly Load[], arms: readonly Arm[], meshes: Meshes): readonly Load[] {
  return loads.map(({ skipped: _, ...load }) => {
    const skipped = skippedBy(load.operation, arms, meshes)
    return { ...load, ...(Object.keys(skipped).length > 0 && { skipped }) }
  })
}

export function draftOf(scenario: Scenario): Draft {
  return {
    sketch: scenario,
    arms: scenario.arms.map((arm, index) => ({ arm, path: ['arms', index] })),
    loads: scenario.loads.map((load, index) => ({
      load,
      path: ['loads', index],
      at: (key) => ['loads', index, key],
    })),
  }
}

/** Most loads of an expansion, which stops here so that long lists do not fill the memory. */
export const MAX_LOADS = 100

/** Keys that may hold a list, in the order in which names mention them. */
const LISTS = ['protocol', 'rate', 'tool', 'connections', 'payload', 'service'] as const
type ListKey = (typeof LISTS)[number]

type LoadSketch = NonNullable<NonNullable<Sketch['loads']>[number]>
type Choice = { readonly value: unknown; readonly path: Path }
type Choices = Readonly<Record<ListKey, readonly Choice[]>>

/** Bare mesh names become arms, and lists of values become loads of their own. */
export function expand(sketch: Partial<Sketch>): Draft {
  const request = (service: string | undefined) => requestOf(sketch.workload, service)
  const { generators, ...rest } = sketch
  const loads = Iterator.from((sketch.loads ?? []).entries())
    .flatMap(([index, load]) => loadsOf({ ...(generators && { generators }), ...load }, ['loads', index], request))
    .take(MAX_LOADS + 1)
  // What the loads have is theirs: a scenario has it in one place.
  return { sketch: rest, arms: (sketch.arms ?? []).map(armOf), loads: [...loads] }
}

/** What the entrance of an application of the user's is asked; undefined where it is wrong, and then already reported. */
function requestOf(workload: Sketch['workload'], service: string | undefined): LoadRequest | undefined {
  const graph = workload?.services && graphOf(workload.services)
  if (graph && troublesOf(graph).length === 0) {
    return {
      path: '/',
      method: 'GET',
      headers: {},
      expectedStatus: 200,
      answer: answerOf(graph, service ?? rootOf(graph)),
    }
  }
  const { path, method, headers, body, expectedStatus } = workload?.entrance ?? {}
  if (path === undefined || method === undefined || headers === undefined || expectedStatus === undefined)
    return undefined
  const texts = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
  return { path, method, headers: Object.fromEntries(texts), expectedStatus, ...(body !== undefined && { body }) }
}

/** A graph of which every service is right; undefined otherwise. */
export function graphOf(services: NonNullable<NonNullable<Sketch['workload']>['services']>): ServiceGraph | undefined {
  const whole = Object.entries(services).flatMap(([name, node]) => {
    const { calls, order, answer, delay, slow, replicas } = node ?? {}
    if (!calls || !order || answer === undefined || delay === undefined || replicas === undefined) return []
    const known = calls.flatMap((called) => called ?? [])
    const { share, delay: longer } = slow ?? {}
    const some = share === undefined || longer === undefined ? {} : { slow: { share, delay: longer } }
    return known.length < calls.length
      ? []
      : [[name, { calls: known, order, answer, delay, ...some, replicas }] as const]
  })
  return whole.length > 0 && whole.length === Object.keys(services).length ? Object.fromEntries(whole) : undefined
}

/** An invalid name stays undefined: a default could clash with other names. */
function armOf(arm: NonNullable<Sketch['arms']>[number], index: number): DraftArm {
  const path = ['arms', index]
  if (arm === undefined) return { arm: {}, path }
  if (typeof arm === 'string') return { arm: { name: arm, mesh: arm }, path }
  return { arm: 'name' in arm ? arm : { name: arm.mesh, ...arm }, path }
}

function* loadsOf(
  load: Partial<LoadSketch> & Loose<OfScript>,
  path: Path,
  entrance: (service: string | undefined) => LoadRequest | undefined = () => undefined,
): Generator<DraftLoad> {
  const choices = Object.fromEntries(LISTS.map((key) => [key, choicesOf(load, key, path)])) as unknown as Choices
  for (const chosen of combinations(choices)) {
    const { service, ...values } = Object.fromEntries(LISTS.map((key) => [key, chosen[key].value])) as Partial<Load>
    const { warmup, duration, capacity, generators, operation, operationAt } = load
    const own = ofScript(load)
    // A script says by itself what it sends, and one with its own shape how fast; an application of the user's has its own request.
    const request = own.script === undefined ? (entrance(service) ?? load.request) : undefined
    const fixed = {
      ...((own.script !== undefined || request) && { payload: 0 }),
      ...(own.shape !== undefined && { rate: 'max' as const }),
    }
    const rated: LooseLoad = capacity ? { ...values, rate: capacity.max, capacity } : values
    yield {
      load: {
        name: nameOf(load, { ...rated, ...(service !== undefined && { service }) }, choices),
        ...rated,
        ...(service !== undefined && { service }),
        ...fixed,
        ...(generators !== undefined && generators > 1 && { generators }),
        warmup,
        duration,
        ...own,
        ...(operation !== undefined && { operation }),
        ...((operation ?? operationAt) !== undefined && { operationAt: operationAt ?? usualTime(duration) }),
        ...(request && { request }),
      },
      path,
      at: (key) => (key in chosen ? chosen[key as ListKey].path : [...path, key]),
    }
  }
}

/** Seconds before an operation that show what is normal. */
const LEAST_BEFORE = 5

function usualTime(duration = 0): number {
  return Math.max(LEAST_BEFORE, Math.floor(duration / 4))
}

/** What a load has besides where it has a script. */
export type OfScript = Pick<Load, 'script' | 'scriptSha256' | 'shape' | 'request' | 'applicationSha256'>

/** The checksum is known only once the script was read. */
function ofScript(load: Partial<LoadSketch> & Loose<OfScript>): Loose<OfScript> {
  const { script, scriptSha256, shape, applicationSha256 } = load
  return {
    ...(applicationSha256 !== undefined && { applicationSha256 }),
    ...(script !== undefined && { script }),
    ...(scriptSha256 !== undefined && { scriptSha256 }),
    ...(shape !== undefined && { shape }),
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

/**
 * The given name, or protocol and rate (or `capacity`), or script and rate; and whatever else a list makes differ:
 * `http-1000-16c-1kib`, `checkout-50`.
 */
function nameOf(load: Partial<LoadSketch>, values: LooseLoad, choices: Choices): string | undefined {
  const given = 'name' in load
  const first = given ? load.name : load.script === undefined ? undefined : stemOf(load.script)
  const said: readonly ListKey[] =
    given || load.shape !== undefined ? [] : first === undefined ? ['protocol', 'rate'] : ['rate']
  const parts = LISTS.filter((key) => choices[key].length > 1 || said.includes(key)).map((key) => partOf(key, values))
  const all = given || first !== undefined ? [first, ...parts] : parts
  return all.includes(undefined) ? undefined : all.join('-')
}

/** The name of a file without its ending, as far as a name of a load may have its characters. */
function stemOf(path: string): string {
  const file = path.split(/[/\\]/).at(-1) ?? ''
  return (
    file
      .replace(/\.[^.]*$/, '')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '')
      .slice(0, 40) || 'script'
  )
}

function partOf(key: ListKey, values: LooseLoad): string | undefined {
  const value = values[key]
  if (key === 'rate' && values.capacity) return 'capacity'
  if (typeof value !== 'number') return value
  if (key === 'connections') return `${value}c`
  if (key === 'payload') return value > 0 && value % 1024 === 0 ? `${value / 1024}kib` : `${value}b`
  return String(Number(value.toPrecision(6)))
}

/** Values that replace those of loads, in base units; a list multiplies the load. */
export type LoadValues = { readonly [Key in ListKey]?: Load[Key] | readonly Load[Key][] } & Partial<
  Pick<Load, 'warmup' | 'duration' | 'generators'>
>

/**
 * The loads with these values. Loads that are equal then become one. Where a value is replaced that a name may mention, the
 * names are made anew, of protocol, rate, and whatever else differs between the loads.
 */
export function withLoadValues(loads: readonly Load[], values: LoadValues): readonly Load[] {
  const multiplied = loads.flatMap(({ capacity, ...load }) => {
    // A given rate takes the place of the search for one.
    const kept = capacity && !('rate' in values) ? { capacity } : {}
    return expand({ loads: [{ ...load, ...kept, ...values } as LoadSketch] }).loads.map((one) => one.load as Load)
  })
  if (!LISTS.some((key) => key in values)) return multiplied
  const distinct = new Map(multiplied.map(({ name: _, ...load }) => [JSON.stringify(load), load])).values().toArray()
  const choices = Object.fromEntries(
    LISTS.map((key) => [key, [...new Set(distinct.map((load) => load[key]))].map((value) => ({ value, path: [] }))]),
  ) as unknown as Choices
  return distinct.map((load) => ({ name: nameOf({}, load, choices) ?? '', ...load }))
}

export type Meshes = Readonly<Record<string, Mesh>>

/** A rule about several values, which a schema cannot express. It ignores undefined values, which are reported already. */
export type Rule = (draft: Draft, meshes: Meshes) => Finding[]

/** Looks up a mesh by any name; `Object.hasOwn` excludes names such as `toString`. */
export function meshNamed(meshes: Meshes, name: string | undefined): Mesh | undefined {
  return name !== undefined && Object.hasOwn(meshes, name) ? meshes[name] : undefined
}

/** The entries whose name an earlier one has. */
export function repeated<Entry extends { readonly name: string | undefined; readonly path: Path }>(
  entries: readonly Entry[],
): Entry[] {
  const seen = new Set<string>()
  return entries.filter(({ name }) => {
    if (name === undefined) return false
    const again = seen.has(name)
    seen.add(name)
    return again
  })
}
