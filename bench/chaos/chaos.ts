/**
 * Hostile scenarios, site files and limits; hostile results; runs that are killed. The same seed tries the same. Ends with 1 where
 * meshbench did what it must not do, and says how to repeat each case. `docs/chaos.md` says what is checked.
 *
 *   npm run chaos -- [--short] [--kind] [--seed N] [--parts texts,results,kills,kind] [--only ID,…] [--keep] [--program FILE]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Campaign } from './campaign.ts'
import { endAllOf } from './child.ts'
import { originals, resultCases } from './hostile-results.ts'
import { textCases } from './hostile-texts.ts'
import { KILLED, killCases } from './kills.ts'

/** Cases run in processes of their own; more of them would only wait for one another on a small machine. */
const AT_ONCE = 2
const LONG = { texts: 300, results: 200, simulated: 220, local: 60, kind: 28 }
const SHORT = { texts: 20, results: 10, simulated: 8, local: 3, kind: 8 }
const PARTS = ['texts', 'results', 'kills', 'kind']

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    kind: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    parts: { type: 'string', default: 'texts,results,kills' },
    only: { type: 'string' },
    // A test of the campaign gives it a program with a known defect.
    program: { type: 'string' },
  },
})
const seed = Number(values.seed)
if (!Number.isSafeInteger(seed)) throw new Error(`--seed ${values.seed} is not a whole number`)
const only = values.only?.split(',')
const parts = [...values.parts.split(','), ...(values.kind ? ['kind'] : [])]
const unknown = parts.find((part) => !PARTS.includes(part))
if (unknown !== undefined) throw new Error(`--parts ${unknown} is none of ${PARTS}`)
/** Parts of which a case is named, whatever the parts; without names, the parts. */
const isWanted = (part: string, ids: RegExp) => only?.some((id) => ids.test(id)) ?? parts.includes(part)
// One that is named is found whatever the form.
const size = values.short && only === undefined ? SHORT : LONG
const root = mkdtempSync(join(tmpdir(), 'meshbench-chaos-'))
const campaign = new Campaign({
  root,
  only,
  keep: values.keep,
  program: values.program && resolve(values.program),
  say: (line) => console.log(line),
  progress: (line) => console.error(line),
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    endAllOf(root)
    rmSync(root, { recursive: true, force: true, maxRetries: 5 })
    process.exit(130)
  })
}

try {
  const started = Date.now()
  const [isTexts, isResults] = [isWanted('texts', /^text-/), isWanted('results', /^result-/)]
  if (isTexts || isResults) {
    const all = await originals(join(root, 'originals'), isResults)
    if (isTexts) await campaign.tryAll(textCases(seed, size.texts, all[0].dir), AT_ONCE)
    if (isResults) await campaign.tryAll(resultCases(seed, size.results, all), AT_ONCE)
  }
  if (isWanted('kills', /^(simulated|local)-/)) {
    for (const platform of ['simulated', 'local'] as const) {
      await campaign.tryAll(killCases(seed, size[platform], KILLED[platform]), AT_ONCE)
    }
  }
  // Clusters have names of the machine, and memory for one run.
  if (isWanted('kind', /^kind-/)) await campaign.tryAll(killCases(seed, size.kind, KILLED.kind), 1)
  console.log(`\nseed ${seed}, ${Math.round((Date.now() - started) / 1000)} s\n\n${campaign.table()}`)
  for (const { id } of campaign.failed) console.log(`repeat with: npm run chaos -- --seed ${seed} --only ${id}`)
  if (campaign.failed.length > 0) process.exitCode = 1
} finally {
  if (values.keep) console.log(`kept: ${root}`)
  else rmSync(root, { recursive: true, force: true })
}
