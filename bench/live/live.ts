/**
 * The gate on real runs: real Envoys, real load, on this machine. Two runs of equal arms; then +5 %, +10 % and +20 % of the p50
 * that was measured, injected at the candidate's server. Writes docs/gate.md with every command and answer, and the blocks of
 * equal arms for `npm run prove`.
 *
 *   npm run live -- [--blocks 10] [--seconds 8]     half an hour on a quiet machine; on another it waits, and says so
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { equalBlocks } from './equal-blocks.ts'
import { type Judged, judgeRun, levelOf, runFolder } from './judged-run.ts'
import { pageOf } from './page.ts'
import { brokenPromises } from './promises.ts'
import { meshbench, type Said, type Stage } from './transcript.ts'

const SHARES = [0.05, 0.1, 0.2]

const { values } = parseArgs({
  options: {
    blocks: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '8' },
    keep: { type: 'boolean', default: false },
  },
})
const size = { blocks: Number(values.blocks), seconds: Number(values.seconds) }
const cwd = mkdtempSync(join(tmpdir(), 'meshbench-live-'))
const stage: Stage = { cwd, say: (line) => console.error(`${new Date().toISOString().slice(11, 19)} ${line}`) }
try {
  const equal = [await run('equal-1', 0), await run('equal-2', 0)]
  const usual = levelOf((equal[0] as Judged).analysis, 'p50')
  if (!Number.isFinite(usual)) throw new Error('the first run has no valid trial: there is nothing to take a tenth of')
  const slower: Judged[] = []
  for (const share of SHARES) {
    // Whole milliseconds, as the server's timer has them.
    slower.push(await run(`plus-${share * 100}`, Math.round(share * usual * 1000) / 1000))
  }
  const runs = { equal, slower, compared: await compareLiveRuns() }
  const root = new URL('../../', import.meta.url)
  writeFileSync(new URL('docs/gate.md', root), pageOf(runs))
  writeFileSync(new URL('bench/live/equal-blocks.json', root), `${JSON.stringify(equalBlocks(equal))}\n`)
  for (const promise of brokenPromises(runs)) {
    console.error(`broken: ${promise}`)
    process.exitCode = 1
  }
} finally {
  if (values.keep) stage.say(`kept: ${cwd}`)
  else rmSync(cwd, { recursive: true })
}

function run(name: string, later: number): Promise<Judged> {
  return judgeRun({ name, later, ...size }, stage)
}

/** Not by their reference arms, but one run with another: without a difference, and with one. */
async function compareLiveRuns(): Promise<Said[]> {
  const [first, second, slow] = ['equal-1', 'equal-2', 'plus-10'].map((name) => relative(cwd, runFolder(name, stage)))
  return [
    await meshbench(['compare', `${first}:sidecar`, `${second}:sidecar`], stage),
    await meshbench(['compare', `${first}:sidecar`, `${slow}:sidecar`], stage),
  ]
}
