import { join } from 'node:path'
import { trialsOf } from '../../src/model/plan.ts'
import { reopenRun } from '../../src/store/reopen-run.ts'
import { writeOnce } from '../../src/store/write-once.ts'
import { exampleReading, exampleResult, rawOutput, resultEvent } from './example.ts'

// A writer for kill.test to kill: stores a trial of the run that it is given, then says where it is and stays there.
const [dir = '', where] = process.argv.slice(2)
const { run, finished, writer } = await reopenRun(dir)
const [first, second, ...others] = trialsOf(run.plan).filter(({ id }) => !finished.has(id))
if (!first || !second) throw new Error('the run is nearly finished')
const say = (what: string) => process.stdout.write(`${what}\n`)
const forever = () => new Promise<never>(() => setInterval(() => undefined, 1000))
const example = exampleReading()
// Large, so that the kill comes within the writing of a file more often.
const messages = [Buffer.alloc(100_000, 'y').toString()]
const reading = { ...example, generator: { ...example.generator, messages } }

await writer.write(resultEvent(exampleResult(run, first), [rawOutput('log', 'whole')]))
switch (where) {
  case 'within the raw output': {
    async function* read() {
      yield Buffer.alloc(100_000, 'x')
      say(where ?? '')
      await forever()
    }
    await writer.write(resultEvent(exampleResult(run, second), [{ name: 'log', read }]))
    break
  }
  case 'within the trial file':
    await writeOnce(join(dir, 'trials', `${second.id}.json`), async (file) => {
      await file.write('{"schema":1,"run":')
      say(where)
      await forever()
    })
    break
  default:
    say('anywhere')
    for (const trial of [second, ...others]) {
      await writer.write(
        resultEvent(exampleResult(run, trial, { status: 'measured', reading }), [rawOutput('log', 'whole')]),
      )
    }
}
