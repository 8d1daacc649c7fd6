import { obtain } from '../../src/tools/obtain.ts'
import { catalogue } from './workshop.ts'

// Run as a process of its own: argv is the cache folder; prints the steps and the program, one JSON value per line.

const source = obtain('fortio', {
  signal: new AbortController().signal,
  cacheDir: process.argv[2] as string,
  catalogue: catalogue(),
})
for (;;) {
  const next = await source.next()
  console.log(JSON.stringify(next.value))
  if (next.done) break
}
