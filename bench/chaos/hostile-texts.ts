/** Scenarios, site files and limits of somebody else, read by the commands that take them; and places that are no files. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Random, random } from '../../src/stats/random.ts'
import { type Case, type Found, inTurn, pick } from './campaign.ts'
import { listing, meshbench, type Place, strays } from './child.ts'
import { complaintsAbout } from './complaints.ts'
import { ROLES, type Role, TEXT_MAKERS, type TextMaker } from './text-makers.ts'

function argvFor(role: Exclude<Role, 'limits'>, file: string): string[] {
  switch (role) {
    case 'scenario':
      return ['plan', file]
    case 'doctor':
      return ['doctor', file, '--no-pauses', '--platform', 'simulated']
    case 'site':
      return ['plan', 'quick', '--platform', 'simulated', '--site', file]
  }
}

/** The gate's verdicts are ends too: a pattern may cover nothing. */
const codesFor = (role: Role) => (role === 'limits' ? [0, 2, 10, 11, 12, 13] : role === 'doctor' ? [0, 2, 3] : [0, 2])

/** Instead of a regular file. Each gives the name to be read. */
const PLACES: Readonly<Record<string, (work: string) => string>> = {
  'a pipe': (work) => pipe(join(work, 'hostile.yaml')),
  'a link to a pipe': (work) => link(pipe(join(work, 'pipe')), join(work, 'hostile.yaml')),
  'an endless device': () => '/dev/zero',
  'a link to an endless device': (work) => link('/dev/zero', join(work, 'hostile.yaml')),
  'an empty device': () => '/dev/null',
  'a folder': (work) => folder(join(work, 'hostile.yaml')),
  'a link to nothing': (work) => link(join(work, 'nothing'), join(work, 'hostile.yaml')),
  'a link to itself': (work) => link(join(work, 'hostile.yaml'), join(work, 'hostile.yaml')),
  'a file below a file': (work) => join(written(join(work, 'file'), 'a'), 'hostile.yaml'),
  'a name of 5,000 letters': () => `${'x'.repeat(5000)}.yaml`,
  'a name with an escape': (work) => written(join(work, 'a\u001b[2J\n::error::b.yaml'), 'x: ['),
  'a sparse file of 1 TiB': (work) => sparse(join(work, 'hostile.yaml'), 2 ** 40),
  'a file that is not there': (work) => join(work, 'hostile.yaml'),
  'an empty file': (work) => written(join(work, 'hostile.yaml'), ''),
  'memory of the process': () => '/proc/self/mem',
}

/** Places that a site file names, read in the same way. */
const WITHIN: Readonly<Record<string, (file: string) => string>> = {
  'as values': (file) => `istio: { values: ${JSON.stringify(file)} }`,
  'as values of a chart': (file) => `istio: { values: { istiod: ${JSON.stringify(file)} } }`,
  'as manifests': (file) => `istio: { manifests: [${JSON.stringify(file)}] }`,
  'as a chart': (file) => `istio: { charts: { istiod: ${JSON.stringify(file)} } }`,
  'as the Gateway API': (file) => `gatewayApi: { manifests: ${JSON.stringify(file)} }`,
}

/** Each makes something, and gives its path. */
function written(path: string, text: string): string {
  writeFileSync(path, text)
  return path
}

function pipe(path: string): string {
  execFileSync('mkfifo', [path])
  return path
}

function folder(path: string): string {
  mkdirSync(path)
  return path
}

function link(to: string, path: string): string {
  symlinkSync(to, path)
  return path
}

function sparse(path: string, size: number): string {
  truncateSync(written(path, ''), size)
  return path
}

/** `run`: one for the gate. */
export function textCases(seed: number, count: number, run: string): Case[] {
  return inTurn([...TEXT_MAKERS, 'place' as const, 'place' as const], count).map(({ kind, index }) => {
    const id = `text-${index}`
    const chance = random(seed, id)
    return kind === 'place' ? placeCase(id, chance, run) : textCase(id, kind, chance, run)
  })
}

function textCase(id: string, { name, make }: TextMaker, chance: Random, run: string): Case {
  const role = pick(chance, ROLES)
  const { about, text } = make(chance, role)
  return {
    id,
    kind: `texts: ${name}`,
    about: `${role}: ${about}`,
    async run(place) {
      writeFileSync(join(place.work, 'hostile.yaml'), text)
      return tried(role, 'hostile.yaml', place, run, text)
    },
  }
}

function placeCase(id: string, chance: Random, run: string): Case {
  const what = pick(chance, Object.keys(PLACES))
  const within = chance.uniform() < 0.4 ? pick(chance, Object.keys(WITHIN)) : undefined
  const role = within === undefined ? pick(chance, ROLES) : 'site'
  return {
    id,
    kind: 'texts: places',
    about: `${role}: ${what}${within === undefined ? '' : ` ${within}`}`,
    async run(place) {
      const file = PLACES[what]?.(place.work) ?? ''
      if (within === undefined) return tried(role, file, place, run)
      const site = written(join(place.work, 'site.yaml'), WITHIN[within]?.(file) ?? '')
      return tried('site', site, place, run)
    },
  }
}

/** Words of the language that stand in the file itself may be quoted. */
async function tried(
  role: Role,
  file: string,
  place: Place,
  run: string,
  text: string | Uint8Array = '',
): Promise<Found> {
  const before = listing(place)
  const argv = role === 'limits' ? ['gate', run, '--limits', file] : argvFor(role, file)
  const ended = await meshbench(argv, place)
  const quoted = typeof text === 'string' ? text : ''
  return {
    complaints: [...complaintsAbout(ended, { codes: codesFor(role), quoted }), ...strays(before, listing(place))],
    ended: [ended],
  }
}
