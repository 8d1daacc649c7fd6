/**
 * Stands in for meshbench in tests of the chaos campaign: it has the defect that `DEFECT` names. Defects of texts need nothing of
 * meshbench; those of runs do something wrong before they go on with it.
 */
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

const argv = process.argv.slice(2)
const FAILURE = 'error: the file has a problem\n  why:  it is wrong\n  fix:  Correct it.\n'

/** Says so, and ends as for a file with a mistake. */
function refuse(said = FAILURE, code = 2): void {
  process.stderr.write(said)
  process.exit(code)
}

/** Does something to a finished trial, by the folder of the run and the name of its file. */
function toATrial(act: (run: string, file: string) => void): void {
  for (const name of readdirSync('results')) {
    const run = join('results', name)
    const [first] = readdirSync(join(run, 'trials')).filter((file) => /^\w.*\.json$/.test(file))
    if (first !== undefined) act(run, join(run, 'trials', first))
  }
}

async function resumedAfter(act: (run: string, file: string) => void): Promise<void> {
  if (argv.includes('--resume')) toATrial(act)
  await meshbench()
}

const meshbench = () => import('../../src/main.ts')

const DEFECTS: Readonly<Record<string, () => unknown>> = {
  none: () => refuse(),
  trace: () => refuse(`${FAILURE}    at read (src/read.ts:1:2)\n`),
  words: () => refuse(FAILURE.replace('it is wrong', 'x is not a function')),
  escape: () => refuse(FAILURE.replace('it is wrong', '\u001b[2J')),
  'two messages': () => refuse(FAILURE + FAILURE),
  'no remedy': () => refuse('error: the file has a problem\n  why:  it is wrong\n'),
  code: () => refuse(FAILURE, 1),
  abort: () => process.abort(),
  memory: () => {
    Buffer.alloc(600 * 1024 ** 2, 1)
    refuse()
  },
  wait: () => setTimeout(() => refuse(), 6000),
  stray: () => {
    writeFileSync('stray.txt', '')
    refuse()
  },
  green: () => process.exit(0),
  lost: () => resumedAfter((_, file) => rmSync(file)),
  rewritten: () => resumedAfter((_, file) => writeFileSync(file, readFileSync(file))),
  repeated: () =>
    resumedAfter((run, file) => {
      const trial = basename(file, '.json')
      const lines = [1, 2].map(() => `${JSON.stringify({ at: 1, type: 'result', trial })}\n`)
      appendFileSync(join(run, 'events.jsonl'), lines.join(''))
    }),
  'nothing removed': async () => {
    mkdirSync(join(tmpdir(), 'meshbench-left'), { recursive: true })
    await meshbench()
  },
}

const act = DEFECTS[process.env['DEFECT'] ?? '']
if (!act) throw new Error(`there is no defect ${process.env['DEFECT']}`)
await act()
