/**
 * How often the gate and the intervals are wrong, by simulation, through the very functions that judge real runs:
 * `npm run prove` writes docs/prove.md, docs/prove.json and what the report shows of it, src/report/error-rates.json; `--short`, for CI, writes nothing; `--nights N` of
 * each setting; `--threads N`; `--only family,power` counts these parts again and keeps the others as docs/prove.json has them.
 * Ends with 1 where a rate that is promised does not hold.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import type { EqualBlocks } from '../live/equal-blocks.ts'
import { bankOf } from './bank.ts'
import { errorRatesOf } from './for-report.ts'
import { type Proof, pageOf } from './page.ts'
import { brokenPromises } from './promises.ts'
import { countAll } from './threads.ts'

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    nights: { type: 'string' },
    threads: { type: 'string' },
    only: { type: 'string' },
  },
})
const isShort = values.short
const only = values.only?.split(',')
const size = { isShort, nights: Number(values.nights ?? (isShort ? 250 : 10_000)) }
const started = process.cpuUsage()
const equalBlocks: EqualBlocks = JSON.parse(readFileSync(new URL('../live/equal-blocks.json', import.meta.url), 'utf8'))
const bank = await bankOf(new URL('../../examples/local', import.meta.url).pathname, equalBlocks)
const counted = await countAll(bank, size, {
  threads: Number(values.threads ?? availableParallelism()),
  say: (text) => console.error(text),
  isWanted: (part) => only?.includes(part) ?? true,
})
const used = process.cpuUsage(started)
const before: Proof | undefined =
  only && JSON.parse(readFileSync(new URL('../../docs/prove.json', import.meta.url), 'utf8'))
// The time of a whole proof says what repeating it costs.
const cpuSeconds = before?.cpuSeconds ?? Math.round((used.user + used.system) / 1e6)
const proof: Proof = {
  schema: 2,
  cpuSeconds,
  bank: { rows: bank.rows.length, equal: bank.equal, quiet: bank.quiet.length },
  ...counted,
  ...(before &&
    Object.fromEntries(Object.entries(before).filter(([part]) => part in counted && !only?.includes(part)))),
}
const page = pageOf(proof)
const broken = brokenPromises(proof)

if (!isShort) {
  writeFileSync(new URL('../../docs/prove.md', import.meta.url), page)
  writeFileSync(new URL('../../docs/prove.json', import.meta.url), `${JSON.stringify(proof, rounded)}\n`)
  const rates = `${JSON.stringify(errorRatesOf(proof), rounded, 2)}\n`
  writeFileSync(new URL('../../src/report/error-rates.json', import.meta.url), rates)
}
console.log(page)
for (const promise of broken) console.error(`broken: ${promise}`)
if (broken.length > 0) process.exitCode = 1

/** Six digits say more than the simulations know. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(6)) : value
}
