/** Runs of somebody else: changed, damaged, or made up. What reads them says so, and nothing that was changed passes the gate. */
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type Random, random } from '../../src/stats/random.ts'
import { type Case, inTurn, pick } from './campaign.ts'
import { type Ended, listing, meshbench, type Place, placeIn, strays } from './child.ts'
import { complaintsAbout, leaksIn } from './complaints.ts'
import { RESULT_MAKERS, type ResultMaker, redigest } from './result-makers.ts'

const NIGHT = (effect: number, cohorts: number) => `
name: night
platform: simulated
blocks: ${10 / cohorts}
cohorts: ${cohorts}
arms: [none, { name: sidecar, mesh: envoy-sidecar }, { name: sidecar-ref, mesh: envoy-sidecar }]
loads: [{ name: web, rate: 200/s, connections: 8, warmup: 1s, duration: 10s }]
simulation:
  effects: { sidecar: { latency: ${1.6 * effect}, cpu: 2 }, sidecar-ref: { latency: 1.6, cpu: 2 } }
  noise: { trial: 0.02, block: 0.03, cohort: 0 }
gate: {}
`

/** A run as it was measured, to be copied. */
interface Original {
  readonly name: string
  readonly dir: string
  /** The other part of the same plan, for \`merge\`. */
  readonly shard?: string
  /** Whether what is not measured yet is simulated: nothing else may be resumed here. */
  readonly isSimulated: boolean
}

/** The runs that everything is made of: first one that the gate passes, which is enough for hostile limits. */
export async function originals(root: string, isAll: boolean): Promise<[Original, ...Original[]]> {
  const measured = async (name: string, effect: number, cohorts: number, ...more: string[]): Promise<string> => {
    const place = placeIn(join(root, name))
    writeFileSync(join(place.work, 'night.yaml'), NIGHT(effect, cohorts))
    const { code, stderr } = await meshbench(['run', 'night.yaml', ...more], place)
    if (code !== 0) throw new Error(`the night ${name} could not be measured: ${stderr}`)
    return onlyRunIn(join(place.work, 'results'))
  }
  const passing = await measured('passing', 1, 1)
  const { code } = await meshbench(['gate'], placeIn(join(root, 'passing')))
  if (code !== 0) throw new Error('the gate does not pass the night that everything is made of')
  const first: Original = { name: 'passing', dir: passing, isSimulated: true }
  if (!isAll) return [first]
  const extended = await measured('extended', 1.2, 1)
  await meshbench(['run', '--extend'], placeIn(join(root, 'extended')))
  const shard2 = await measured('shard-2', 1, 2, '--shard', '2/2')
  const shard1 = await measured('shard-1', 1, 2, '--shard', '1/2')
  const example = (name: string) => join(import.meta.dirname, '../../examples', name)
  const simulated = { isSimulated: true }
  return [
    first,
    { name: 'extended', dir: extended, ...simulated },
    { name: 'a shard', dir: shard1, shard: shard2, ...simulated },
    { name: 'example-local', dir: example('local'), isSimulated: false },
    { name: 'example-kind', dir: example('kind'), isSimulated: false },
  ]
}

function onlyRunIn(results: string): string {
  const [run] = readdirSync(results)
  if (run === undefined) throw new Error(`${results} has no run`)
  return join(results, run)
}
const CODES: Readonly<Record<string, readonly number[]>> = {
  gate: [0, 2, 3, 10, 11, 12, 13],
  report: [0, 2, 3],
  compare: [0, 2, 3, 12],
  history: [0, 2, 3, 12],
  merge: [0, 2, 3, 12],
  run: [0, 2, 3, 12],
}

/** How often a case runs every command; the others run the gate, whose verdict counts most, and one more. */
const EVERY = 4

export function resultCases(seed: number, count: number, all: readonly Original[]): Case[] {
  return inTurn(RESULT_MAKERS, count).map(({ kind, index }) => {
    const id = `result-${index}`
    const chance = random(seed, id)
    // Half of them of the run that passes: only there green can be false.
    const original = index % 2 === 0 ? (all[0] as Original) : pick(chance, all)
    return resultCase(id, kind, chance, original, index % EVERY === EVERY - 1)
  })
}

function resultCase(
  id: string,
  { name, change }: ResultMaker,
  chance: Random,
  original: Original,
  isWhole: boolean,
): Case {
  const isForged = chance.uniform() < 0.5
  const digests = isForged ? 'digests made anew' : 'digests kept'
  const given = { about: '' }
  return {
    id,
    kind: `results: ${name}`,
    get about() {
      return `${original.name}, ${digests}: ${given.about}`
    },
    async run(place) {
      const dir = copyOf(original, place)
      const changed = change(dir, chance)
      given.about = changed.about
      // A pipe would be waited for.
      const isPlain = !/is (a pipe|a link|of 600 MiB)/.test(changed.about)
      if (isForged && isPlain) redigest(dir)
      const [gate = [], ...others] = commandsFor(original, join('results', basename(dir)))
      const before = listing(place)
      const all: Ended[] = []
      const complaints: string[] = []
      for (const argv of [gate, ...(isWhole ? others : [pick(chance, others)])]) {
        const ended = await meshbench(argv, place)
        all.push(ended)
        const found = complaintsAbout(ended, { codes: CODES[argv[0] ?? ''] ?? [0], quoted: given.about })
        complaints.push(...found.map((one) => `${argv.join(' ')}: ${one}`))
        if (argv[0] === 'report' && ended.code === 0) complaints.push(...leaksInSummary(dir, given.about))
      }
      const isFalse = all[0]?.code === 0 && changed.figures && (!isForged || changed.shows)
      if (isFalse) complaints.push('the gate is green though a figure was changed')
      return { complaints: [...complaints, ...strays(before, listing(place))], ended: all }
    },
  }
}

/** Without raw output and pages, which no command reads. */
function copyOf({ dir }: Original, { work }: Place): string {
  const copy = join(work, 'results', basename(dir))
  const isRead = (path: string) => !/\/raw\/.|\/(report\.html|summary\.md)$/.test(path)
  cpSync(dir, copy, { recursive: true, filter: isRead })
  return copy
}

function leaksInSummary(dir: string, quoted: string): string[] {
  return leaksIn(readFileSync(join(dir, 'summary.md'), 'utf8'), quoted).map((one) => `summary.md: ${one}`)
}

/** The gate first. Resuming last, since it goes on with the run. */
function commandsFor({ shard, isSimulated, name }: Original, run: string): string[][] {
  const arm = name === 'example-kind' ? 'istio-sidecar' : name === 'example-local' ? 'envoy-node' : 'sidecar'
  return [
    ['gate', run],
    ['report', run],
    ['compare', `${run}:${arm}`, `${run}:none`],
    ['history', 'add', run],
    ['merge', run, ...(shard === undefined ? [run] : [shard])],
    ...(isSimulated ? [['run', '--resume', run]] : []),
  ]
}
