/** How long `meshbench --help` takes beyond an empty Node: medians of pairs, run in turn. Needs `npm run build`. */
import { execFileSync } from 'node:child_process'
import { median } from 'simple-statistics'

const PAIRS = 21

function seconds(args: readonly string[]): number {
  const start = performance.now()
  execFileSync(process.execPath, [...args], { stdio: 'ignore' })
  return (performance.now() - start) / 1000
}

const empty: number[] = []
const help: number[] = []
for (let pair = 0; pair < PAIRS; pair++) {
  empty.push(seconds(['-e', '0']))
  help.push(seconds(['dist/main.js', '--help']))
}
const beyond = help.map((value, index) => value - (empty[index] ?? 0))
const ms = (values: readonly number[]) => `${(median([...values]) * 1000).toFixed(0)} ms`
console.log(`node -e 0: ${ms(empty)}; meshbench --help: ${ms(help)}; beyond an empty Node: ${ms(beyond)} (limit 60 ms)`)
