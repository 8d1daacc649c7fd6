import { LEVEL_TEXT } from '../../src/model/confidence.ts'
import { cellOf, type Judged, levelOf } from './judged-run.ts'
import type { LiveRuns } from './promises.ts'
import type { Said } from './transcript.ts'

const percent = (share: number, digits = 1) => `${share < 0 ? '−' : '+'}${Math.abs(share * 100).toFixed(digits)} %`

/** docs/gate.md: everything in it is what the program measured and printed. */
export function pageOf(runs: LiveRuns): string {
  const { equal, slower, compared } = runs
  const all = [...equal, ...slower]
  return [
    '# The gate on real runs',
    '',
    ...introduction(equal[0] as Judged),
    '',
    '## What was injected, and what was found',
    '',
    `| run | injected at the server | p50 of the reference | as a share of that | found in p50 (${LEVEL_TEXT} interval) | p50 | p99 | CPU | blocks | exit code |`,
    '|---|---|---|---|---|---|---|---|---|---|',
    ...all.map(row),
    '',
    'The server sleeps, by a timer that is late by up to a millisecond and by other parts of it for other delays; so what was injected is the true effect to within a few percent of the p50, and intervals can be narrower than that. How exactly a true effect is found is measured with a server that spins, in [truth.md](truth.md). By the defaults that judged these runs, less than 5 % is no regression, and a cell passes when it is not worse than 10 % by its bound.',
    '',
    ...stopped(all),
    '## Two runs of the same arms',
    '',
    ...equal.flatMap(transcriptOf),
    '## A slower server',
    '',
    ...slower.flatMap(transcriptOf),
    '## One run with another',
    '',
    'No reference arm here: the candidate of the first run, held against that of the second, and against the one with +10 %.',
    '',
    ...compared.flatMap(spoken),
  ].join('\n')
}

function introduction({ analysis, run }: Judged): string[] {
  const { machine, tools } = analysis.record.run.provenance
  const programs = tools.map(({ name, version }) => `${name} ${version}`).join(', ')
  return [
    `Made by \`npm run live\` on a machine with ${machine.cores} cores (${machine.cpu}, kernel ${machine.kernel}), with ${programs}. Every run measures \`sidecar\` and \`sidecar-ref\`, both a pair of Envoys with mutual TLS before a server that takes some time by itself, in ${run.blocks} blocks; \`run --extend\` adds fresh ones for what the first look suspects. Commands and answers are as the program printed them, without the progress of runs.`,
  ]
}

function row({ run, gate, analysis }: Judged): string {
  const usual = levelOf(analysis, 'p50')
  const cell = cellOf(gate, 'p50')
  const { center = Number.NaN, lo = Number.NaN, hi = Number.NaN } = cell?.ratio ?? {}
  return [
    '',
    run.name,
    run.later === 0 ? 'nothing' : `${Math.round(run.later * 1000)} ms`,
    `${(usual * 1000).toFixed(2)} ms`,
    run.later === 0 ? 'none' : percent(run.later / usual),
    `${percent(center - 1)} (${percent(lo - 1)} … ${percent(hi - 1)})`,
    ...['p50', 'p99', 'mesh-cpu'].map((metric) => cellOf(gate, metric)?.verdict ?? 'not judged'),
    `${cell?.blocks.valid ?? 0} of ${cell?.blocks.planned ?? 0}`,
    `${gate.exit}`,
    '',
  ]
    .join(' | ')
    .trim()
}

function stopped(runs: readonly Judged[]): string[] {
  const stops = runs.flatMap(({ said }) => said).reduce((sum, one) => sum + one.stops, 0)
  if (stops === 0) return []
  return [
    `Others used this machine meanwhile. A run was stopped when they did (${stops} times in all; the trial in hand is dropped, as by Ctrl-C) and gone on with by \`run --resume\` when they had left; what decides is their CPU time, never what was measured.`,
    '',
  ]
}

function transcriptOf({ run, said }: Judged): string[] {
  return [`### ${run.name}`, '', ...said.flatMap(spoken)]
}

function spoken({ command, output, exit }: Said): string[] {
  return ['```', `$ ${command}`, output, `(exit code ${exit})`, '```', '']
}
