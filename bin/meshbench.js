#!/usr/bin/env node
// Plain JavaScript, which every Node reads: one that is too old gets a sentence, not a syntax error.
import { existsSync } from 'node:fs'

const NEEDED = 24

if (Number(process.versions.node.split('.')[0]) < NEEDED) {
  process.stderr.write(
    `meshbench needs Node ${NEEDED} or newer; this is ${process.versions.node}. ` +
      'Install it, or run `npx meshbench` in a checkout after `npm ci`, which brings its own.\n',
  )
  process.exit(2)
}

// A checkout has the sources, which Node 24 reads as they are; the package has the build only.
const source = new URL('../src/main.ts', import.meta.url)
await import(existsSync(source) ? source : new URL('../dist/main.js', import.meta.url))
