import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { untilLoud, untilQuiet } from './neighbours.ts'

/** One command of meshbench: as typed, as answered. */
export interface Said {
  readonly command: string
  readonly output: string
  readonly exit: number
  /** How often it was stopped because something else ran on the machine, and gone on with. */
  readonly stops: number
}

export interface Stage {
  readonly cwd: string
  say(text: string): void
}

const INTERRUPTED = 130
const MAIN = join(import.meta.dirname, '../../src/main.ts')

/** Progress goes to stderr and is left out; what is kept is what a pipe would get. */
export async function meshbench(argv: readonly string[], { cwd, say }: Stage): Promise<Said> {
  const { child, output } = start(argv, cwd)
  const [exit] = await once(child, 'close')
  const said = { command: typed(argv), output: await output, exit: Number(exit), stops: 0 }
  say(`${said.command}: ${said.exit}`)
  return said
}

/**
 * A run that waits for a quiet machine. A neighbour would make its trials invalid, and a run of invalid trials says nothing:
 * so the run is stopped as by Ctrl-C when one shows up, which drops the trial in hand, and gone on with when it has left. What
 * decides is the neighbour's CPU time alone, never what was measured. `goOn`: the arguments for that.
 */
export async function measure(argv: readonly string[], goOn: () => readonly string[], stage: Stage): Promise<Said> {
  let given = argv
  for (let stops = 0; ; stops++) {
    await untilQuiet(stage.say)
    const { child, output } = start(given, stage.cwd)
    const ended = new AbortController()
    void untilLoud(ended.signal).then(() => child.kill('SIGINT'))
    const [exit] = await once(child, 'close')
    ended.abort()
    if (exit !== INTERRUPTED) {
      stage.say(`${typed(argv)}: ${exit}, stopped ${stops} times`)
      return { command: typed(argv), output: await output, exit: Number(exit), stops }
    }
    given = goOn()
  }
}

function start(argv: readonly string[], cwd: string): { child: ChildProcess; output: Promise<string> } {
  const nodeArgs = ['--disable-warning=ExperimentalWarning', MAIN, ...argv]
  const child = spawn(process.execPath, nodeArgs, {
    cwd,
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  // Where the runs were kept is nobody's business.
  const output = text(child.stdout).then((all) => all.replaceAll(`${cwd}/`, '').trimEnd())
  return { child, output }
}

function typed(argv: readonly string[]): string {
  return ['meshbench', ...argv.map((word) => (/^[\w./:=-]+$/.test(word) ? word : `'${word}'`))].join(' ')
}
