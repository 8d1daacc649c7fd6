/**
 * How often the gate and the intervals are wrong, by simulation, through the very functions that judge real runs:
 * `npm run prove` writes docs/prove.md, docs/prove.json and what the report shows of it, src/report/error-rates.json; `--short`, for CI, writes nothing; `--nights N` of each setting.
 * Ends with 1 where a rate that is promised does not hold.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { bankOf } from './bank.ts'
import { coverageGrid, coverageOf } from './coverage.ts'
import { errorRatesOf } from './for-report.ts'
import { nullSettings, nullsOf, powerOf, powerSettings } from './nights.ts'
import { type Proof, pageOf } from './page.ts'
import { brokenPromises } from './promises.ts'

const { values } = parseArgs({ options: { short: { type: 'boolean', default: false }, nights: { type: 'string' } } })
const isShort = values.short
const nights = Number(values.nights ?? (isShort ? 250 : 10_000))
const started = process.cpuUsage()
const bank = await bankOf(new URL('../../results/example-local', import.meta.url).pathname)
const say = (text: string) => console.error(text)

const family = nullSettings(bank, isShort).map((setting) => {
  const found = nullsOf(setting, nights)
  say(`${found.alarms} of ${found.nights} nights: ${found.title}`)
  return found
})
const power = powerSettings(isShort).map((setting) => powerOf(setting, isShort ? 60 : Math.min(nights, 500)))
say(`power: ${power.length} settings`)
const coverage = coverageGrid(isShort).map((about) => coverageOf(about, isShort ? 2000 : 10_000))
const used = process.cpuUsage(started)
const cpuSeconds = Math.round((used.user + used.system) / 1e6)
const proof: Proof = {
  schema: 1,
  cpuSeconds,
  bank: { rows: bank.rows.length, equal: bank.equal },
  family,
  power,
  coverage,
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
