import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseDocument } from 'yaml'
import { historyEntries } from '../src/analyse/over-runs/trends.ts'
import { analyseRun } from '../src/commands/analyse-run.ts'
import type { HistoryEntry } from '../src/model/history.ts'
import { addToHistory, inFolder } from '../src/store/history-store.ts'

/**
 * Writes `docs/demo-report.html`: `npm run demo`, some two minutes. It is the report of `scenarios/demo.yaml` after a year's
 * worth of earlier runs that are simulated too, in which one arm got slower with a new version. Versions are made up, as
 * everything else of it, so that nothing can be taken for a figure of a real release.
 */

const RUNS = 12
/** The first run of the new version; enough stand on both sides to show it. */
const CHANGED = 7
const WEEK = 7 * 86_400_000
/** Only this load has a history: a chart for each load would make the page larger than its goal. */
const LOAD = 'http-500'
const VERSIONS = ['1.0.0-demo', '1.1.0-demo'] as const
/** Of the arm before the change; what it costs since is what the scenario says. */
const BEFORE = { latency: 1.6, cpu: 3.5, memory: '160MiB' }

const root = resolve(import.meta.dirname, '..')
const dir = mkdtempSync(join(tmpdir(), 'meshbench-demo-'))
const history = join(dir, 'history')

function scenarioOf(run: number | undefined): string {
  const document = parseDocument(readFileSync(join(root, 'scenarios/demo.yaml'), 'utf8'))
  document.setIn(['arms', 2], {
    name: 'istio-sidecar',
    mesh: 'istio-sidecar',
    version: VERSIONS[Number((run ?? RUNS) >= CHANGED)],
  })
  if (run !== undefined) document.set('seed', 100 + run)
  if (run !== undefined && run < CHANGED) document.setIn(['simulation', 'effects', 'istio-sidecar'], BEFORE)
  const file = join(dir, 'demo.yaml')
  writeFileSync(file, document.toString())
  return file
}

/** Runs it as a reader would, and gives the folder of the run. */
function measure(scenario: string, name: string, ...options: readonly string[]): string {
  const results = join(dir, name)
  const argv = ['bin/meshbench.js', 'run', scenario, '--results', results, '--folder', history, '--quiet', ...options]
  execFileSync(process.execPath, argv, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  return join(results, readdirSync(results)[0] ?? '')
}

/** As if it had been made a few weeks ago. */
function dated(entry: HistoryEntry, weeks: number): HistoryEntry {
  const startedAt = new Date(Date.parse(entry.startedAt) - weeks * WEEK).toISOString()
  return { ...entry, startedAt, run: `${startedAt.slice(0, 10)}-demo` }
}

try {
  for (let run = 0; run < RUNS; run++) {
    const folder = measure(scenarioOf(run), `run-${run}`, '--loads', LOAD)
    const entries = historyEntries(await analyseRun(folder))
    await addToHistory(
      inFolder(history),
      entries.map((entry) => dated(entry, RUNS - run)),
    )
    console.log(`${run + 1} of ${RUNS} earlier runs`)
  }
  const folder = measure(scenarioOf(undefined), 'now')
  const page = join(root, 'docs/demo-report.html')
  copyFileSync(join(folder, 'report.html'), page)
  console.log(`docs/demo-report.html: ${(readFileSync(page).byteLength / 1e6).toFixed(2)} MB`)
} finally {
  rmSync(dir, { recursive: true, force: true })
}
