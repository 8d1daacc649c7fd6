#!/usr/bin/env node
// Nothing is imported before the check: a Node that is too old must get its sentence, not a syntax error.
const NEEDED = 24

if (Number(process.versions.node.split('.')[0]) < NEEDED) {
  process.stderr.write(
    `meshbench needs Node ${NEEDED} or newer; this is ${process.versions.node}. ` +
      'Install it, or run meshbench by `npm run meshbench --` in its checkout, which brings its own.\n',
  )
  process.exit(2)
}

// Compiled code is kept from one start to the next.
const { enableCompileCache } = await import('node:module')
enableCompileCache()

const { cli } = await import('./cli.ts')
const interruption = new AbortController()
const context = {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  argv: ['meshbench', ...process.argv.slice(2)],
  signal: interruption.signal,
  emergency: { run: async (): Promise<string[]> => [] },
}

/** The first signal ends the trial and tears down; the second kills at once and says what is left. */
async function stop(name: string): Promise<void> {
  if (!interruption.signal.aborted) {
    const { Failure } = await import('./model/failure.ts')
    interruption.abort(new Failure('interrupted', `stopped by ${name}`))
    return
  }
  for (const line of await context.emergency.run().catch(() => [])) process.stderr.write(`${line}\n`)
  process.exit(130)
}

for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => void stop(name))
// A reader that goes away (`meshbench … | head`) is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})
const code = await cli(process.argv.slice(2), context)
// What is written to a pipe is not read yet, and an exit would cut it off.
for (const stream of [process.stdout, process.stderr]) await new Promise((done) => stream.write('', done))
process.exit(code)

export {}
