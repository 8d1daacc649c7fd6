import { enableCompileCache } from 'node:module'
import { setFlagsFromString } from 'node:v8'

// Compiled code is kept from one start to the next.
enableCompileCache()

const { cli } = await import('./cli.ts')
// The space for new objects stays at the few megabytes that it has here. Loading a command would make it grow to 32, and it never gives them back.
setFlagsFromString('--semi-space-growth-factor=1')

const { interruption } = await import('./host/interruption.ts')
const emergency = { run: async (): Promise<string[]> => [] }
const interrupted = interruption(() => emergency.run())
const context = {
  stdout: process.stdout,
  stderr: process.stderr,
  get stdin() {
    return process.stdin
  },
  env: process.env,
  cwd: process.cwd(),
  argv: ['meshbench', ...process.argv.slice(2)],
  // From the moment when it is asked for, signals are handled.
  get signal() {
    return interrupted.signal
  },
  settled: interrupted.settled,
  emergency,
}

let isUnread = false
const unread = (error: NodeJS.ErrnoException) => {
  // A terminal that hung up: what was made is torn down all the same.
  if (interrupted.began || isUnread) return
  // A reader that goes away (`meshbench … | head`) is no failure of ours.
  if (error.code !== 'EPIPE') throw error
  isUnread = true
  // Who waits for signals has something to tear down.
  if (process.listenerCount('SIGHUP') > 0) process.kill(process.pid, 'SIGHUP')
  else process.exit(0)
}
process.stdout.on('error', unread)
process.stderr.on('error', unread)
const code = await cli(process.argv.slice(2), context)
// What is written to a pipe is not read yet, and an exit would cut it off.
for (const stream of [process.stdout, process.stderr]) await new Promise((done) => stream.write('', done))
process.exit(code)
