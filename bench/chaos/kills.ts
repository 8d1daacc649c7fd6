/** Runs that are killed, resumed, killed again, resumed to their end, and cleaned up after. */
import { type ChildProcess, execFileSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Random, random } from '../../src/stats/random.ts'
import { type Case, type Found, pick } from './campaign.ts'
import { descendantsOf, type Ended, killGroup, type Place, processesOf, start } from './child.ts'
import { leaksIn } from './complaints.ts'
import { comes, type Means, type Moment, meansWords, momentIn, PHASES, type Phase, type Spans } from './moments.ts'
import { complaintsAboutRun, differences, filesOf, runOf } from './whole-run.ts'

interface Killed {
  readonly platform: 'simulated' | 'local' | 'kind'
  readonly phases: readonly Phase[]
  readonly spans: Spans
  readonly scenario: string
  /** Kills of one run, at most. */
  readonly most: number
  /** Visits or trials among which the moment is chosen. */
  readonly turns: number
  /** Milliseconds that a command may take. */
  readonly longest: number
  /** Milliseconds in which a run that is told to end must have torn everything down. */
  readonly settles: number
  /** Whether a run starts other programs. */
  readonly hasChildren: boolean
}

const HEAD = 'name: killed\narms: [none, envoy-sidecar]\n'

export const KILLED: Readonly<Record<Killed['platform'], Killed>> = {
  simulated: {
    platform: 'simulated',
    phases: PHASES,
    spans: {
      startup: [0, 1500],
      provisioning: [0, 10],
      visit: [0, 12],
      window: [12, 100],
      collecting: [0, 15],
      writing: [0, 6],
      teardown: [0, 40],
      report: [0, 900],
    },
    scenario: `${HEAD}platform: simulated\nblocks: 4\nloads:\n- { rate: 100/s, connections: 2, warmup: 0s, duration: 2s }\n- { rate: 200/s, connections: 2, warmup: 1s, duration: 2s }\nsimulation: { pace: 80ms }\n`,
    most: 3,
    turns: 5,
    longest: 120_000,
    settles: 15_000,
    hasChildren: false,
  },
  local: {
    platform: 'local',
    phases: PHASES,
    spans: {
      startup: [0, 1500],
      provisioning: [0, 1000],
      visit: [0, 1500],
      window: [1500, 4000],
      collecting: [0, 100],
      writing: [0, 10],
      teardown: [0, 400],
      report: [0, 900],
    },
    scenario: `${HEAD}platform: local\nblocks: 3\nidle: 0.5s\nloads: [{ rate: 100/s, connections: 2, warmup: 0s, duration: 1s }]\n`,
    most: 4,
    turns: 2,
    longest: 300_000,
    settles: 30_000,
    hasChildren: true,
  },
  kind: {
    platform: 'kind',
    phases: ['provisioning', 'visit', 'window', 'teardown'],
    spans: {
      startup: [0, 5000],
      provisioning: [0, 120_000],
      visit: [0, 6000],
      window: [6000, 15_000],
      collecting: [0, 2000],
      writing: [0, 10],
      teardown: [0, 10_000],
      report: [0, 900],
    },
    scenario:
      'name: killed\narms: [none, istio-sidecar]\nplatform: kind\nisolation: frozen\nblocks: 4\nloads: [{ name: http, rate: 100/s, connections: 2, warmup: 0s, duration: 1s }]\n',
    most: 5,
    turns: 2,
    longest: 1_800_000,
    settles: 300_000,
    hasChildren: true,
  },
}

/** Cases that kill at least so often in all, if each moment comes before its run has ended; most do. */
export function killCases(seed: number, kills: number, killed: Killed): Case[] {
  const cases: Case[] = []
  for (let planned = 0, index = 0; planned < kills; index++) {
    const id = `${killed.platform}-${index}`
    const chance = random(seed, id)
    // The first phases in turn, so that each has its share; those of later kills by chance.
    const count = 1 + chance.integer(killed.most)
    const all = Array.from({ length: count }, (_, nth) => {
      const at = nth === 0 ? index : chance.integer(killed.phases.length)
      const phase = killed.phases[at % killed.phases.length] as Phase
      const turns = nth === 0 ? killed.turns : 1 + Math.floor(killed.turns / 3)
      return momentIn(phase, chance, killed.spans, turns, killed.hasChildren)
    })
    // A run of which a child is killed goes on to its end: then there is nothing more to kill.
    const last = all.findIndex(({ means }) => means.target === 'child')
    const moments = last === -1 ? all : all.slice(0, last + 1)
    cases.push(killCase(id, killed, moments, chance))
    planned += moments.length
  }
  return cases
}

function killCase(id: string, killed: Killed, moments: readonly Moment[], chance: Random): Case {
  const words = moments.map(({ phase, turn, after, means }) => `${phase} ${turn} + ${after} ms: ${meansWords(means)}`)
  return {
    id,
    kind: `kills: ${killed.platform}`,
    about: words.join('; then '),
    run: (place) => killAndResume(killed, moments, chance, place),
  }
}

async function killAndResume(killed: Killed, moments: readonly Moment[], chance: Random, place: Place): Promise<Found> {
  const { scenario, longest, platform } = killed
  writeFileSync(join(place.work, 'killed.yaml'), scenario)
  const world = platform === 'kind' ? containers() : []
  const complaints: string[] = []
  const tried: string[] = []
  let kills = 0
  let before = new Map<string, string>()
  for (const moment of moments) {
    const { means } = moment
    const one = await killOnce(killed, moment, chance, place)
    complaints.push(...one.complaints)
    if (one.isKilled) {
      kills++
      tried.push(`kills: ${platform}, ${moment.phase}`, `kills: by ${meansWords(means)}`)
    }
    const after = filesOf(place)
    complaints.push(...differences(before, after))
    before = after
    if (one.isComplete) break
    if (chance.uniform() < 0.25) await start(['clean'], place, longest).ended
  }
  complaints.push(...complaintsAboutEnd(await start(argvFor(place), place, longest).ended))
  complaints.push(...differences(before, filesOf(place)), ...(await complaintsAboutRun(place, kills)))
  complaints.push(...(await leftByRun(place, longest)))
  complaints.push(...(await leftBehind(place, platform === 'kind' ? world : undefined, longest)))
  return { complaints, tried }
}

interface OneKill {
  readonly isKilled: boolean
  /** Whether the run is over, so that there is nothing more to kill. */
  readonly isComplete: boolean
  readonly complaints: readonly string[]
}

async function killOnce({ longest, settles }: Killed, moment: Moment, chance: Random, place: Place): Promise<OneKill> {
  const child = start(argvFor(place), place, longest)
  let isOver = false
  const ended = child.ended.finally(() => {
    isOver = true
  })
  const dirOf = () => runOf(place)
  if (!(await comes(moment, dirOf, () => isOver))) {
    return { isKilled: false, isComplete: true, complaints: complaintsAboutEnd(await ended) }
  }
  const { means } = moment
  if (means.target === 'child') {
    const isKilled = killAChild(child.process, chance)
    const { code, ...rest } = await ended
    // An arm that does not come up is a result. What all arms need is not: the run ends with a message, and can be resumed.
    const complaints = code === 3 ? leaksIn(rest.stderr) : complaintsAboutEnd({ code, ...rest })
    return { isKilled, isComplete: code !== 3, complaints }
  }
  send(child.process, means)
  if (means.isTwice) {
    await sleep(chance.integer(500))
    send(child.process, means)
  }
  const sent = performance.now()
  const end = await ended
  const took = performance.now() - sent
  const isKilled = end.signal !== null || end.code === 130
  const complaints: string[] = []
  // It may just have ended by itself.
  if (!isKilled) complaints.push(...complaintsAboutEnd(end))
  if (isKilled) complaints.push(...leaksIn(end.stdout + end.stderr))
  if (took > settles) complaints.push(`it ended ${Math.round(took / 1000)} s after ${meansWords(means)}`)
  if (end.code === 130 && !means.isTwice) {
    const left = processesOf(place.root)
    if (left.length > 0) complaints.push(`processes are left by an orderly end: ${left.map(({ command }) => command)}`)
  }
  return { isKilled, isComplete: !isKilled, complaints }
}

function send(child: ChildProcess, { signal, target }: Means): void {
  if (target === 'group') killGroup(child, signal)
  else child.kill(signal)
}

/** Any program that it has started, or that one of these has. False where there is none, or no way to know. */
function killAChild({ pid }: ChildProcess, chance: Random): boolean {
  const children = pid === undefined ? [] : descendantsOf(pid)
  if (children.length === 0) return false
  try {
    return process.kill(pick(chance, children), 'SIGKILL')
  } catch {
    return false
  }
}

/** Measures on whatever the first block says: on a busy machine a run would stop there, which is another matter. */
const argvFor = (place: Place) => [
  'run',
  ...(runOf(place) === undefined ? ['killed.yaml'] : ['--resume']),
  '--keep-going',
]

/** 12: a machine that others use may leave an arm without a valid trial, which is a result. */
function complaintsAboutEnd({ code, signal, stderr, stdout, isTimedOut }: Ended): string[] {
  if (isTimedOut) return ['it hung']
  const found = code === 0 || code === 12 ? [] : [`it ended with ${code ?? signal}: ${stderr.slice(-600)}`]
  return [...found, ...leaksIn(stdout + stderr)]
}

/** After the run has ended in order, with or without `clean` between its parts: nothing of it is left. */
async function leftByRun(place: Place, longest: number): Promise<string[]> {
  const run = runOf(place)?.split('/').at(-1)
  const left = (await leftovers(place, longest)).filter((one) => one.run === run)
  return left.length === 0 ? [] : [`left by the run after it was resumed to its end: ${JSON.stringify(left)}`]
}

interface Left {
  readonly run?: string
  readonly what: string
}

async function leftovers(place: Place, longest: number): Promise<Left[]> {
  const { stdout } = await start(['clean', '--dry-run', '--json'], place, longest).ended
  return JSON.parse(stdout).leftovers
}

/** After `clean`: nothing of this case is on this machine any more, neither by what `clean` says nor by our own look. */
async function leftBehind(place: Place, world: readonly string[] | undefined, longest: number): Promise<string[]> {
  const found = complaintsAboutEnd(await start(['clean'], place, longest).ended)
  const run = runOf(place)?.split('/').at(-1)
  const left = await leftovers(place, longest)
  // Others may have killed runs on this machine just now.
  const ours = left.filter((one) => one.run === run || one.what.includes(place.root))
  if (ours.length > 0) found.push(`left behind: ${JSON.stringify(ours)}`)
  const scratch = readdirSync(join(place.root, 'tmp')).filter((name) => name.startsWith('meshbench-'))
  if (scratch.length > 0) found.push(`scratch folders are left: ${scratch}`)
  const processes = processesOf(place.root)
  if (processes.length > 0) found.push(`processes are left: ${processes.map(({ command }) => command)}`)
  if (world) {
    const more = containers().filter((one) => !world.includes(one))
    if (more.length > 0) found.push(`left in Docker: ${more}`)
  }
  return found
}

function containers(): string[] {
  const listed = (...args: string[]) => execFileSync('docker', args, { encoding: 'utf8' }).split('\n').filter(Boolean)
  return [
    ...listed('ps', '--all', '--format', '{{.Names}}'),
    ...listed('network', 'ls', '--format', '{{.Name}}'),
    ...listed('volume', 'ls', '--format', '{{.Name}}'),
  ]
}
