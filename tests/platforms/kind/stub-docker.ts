import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { testFolder } from '../../temporary-folder.ts'

/** A `docker` that is a shell script, and what it was called with, one line for each call. */
export function stubDocker(script: string): { env: NodeJS.ProcessEnv; calls: () => string[] } {
  const dir = testFolder()
  const log = join(dir, 'calls')
  writeFileSync(join(dir, 'docker'), `#!/bin/sh\necho "$*" >> '${log}'\n${script}\n`)
  chmodSync(join(dir, 'docker'), 0o755)
  const calls = () => (existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : [])
  return { env: { PATH: `${dir}:${process.env['PATH']}` }, calls }
}
