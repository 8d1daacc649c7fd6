import { stringify } from 'yaml'
import type { Analysis } from '../../model/analysis.ts'
import type { Scenario, Simulation } from '../../model/scenario.ts'
import { traitsOf } from '../../model/traits.ts'
import { formatSize } from '../../model/units.ts'
import type { View } from '../data/view.ts'
import { type Html, html } from '../html.ts'
import { commandText } from '../outputs/run-words.ts'
import { table } from '../table.ts'
import { dateWords } from './opening.ts'

/** On what it was made, and how to do it again. */
export function provenance(view: View, analysis: Analysis): Html {
  return html`<section aria-labelledby="reproduce"><h2 id="reproduce">Do it again</h2>${reproduce(view, analysis)}</section>
<section aria-labelledby="provenance"><h2 id="provenance">Provenance</h2>${machine(analysis)}${tools(analysis)}</section>`
}

function reproduce(view: View, analysis: Analysis): Html {
  const { run } = analysis.record
  const { git, commandLine, meshbench } = run.provenance
  const { scenario } = run.plan
  const again = `meshbench run scenario.yaml --platform ${run.provenance.platform}`
  return html`<p>The command that made this run (meshbench ${meshbench}${git && html`, in a working directory at commit <code>${git.commit}</code>${git.dirty && ' with uncommitted changes'}`}):</p>
<pre tabindex="0"><code>${commandText(commandLine)}</code></pre>
<p>The same schedule from this page alone: save the scenario below as <code>scenario.yaml</code>, then run this. The same seed gives the same order.</p>
<pre tabindex="0"><code>${again}</code></pre>
<details><summary>scenario.yaml</summary><pre tabindex="0"><code>${scenarioText(scenario)}</code></pre></details>
${oneNumber(view, again)}
<p>This page from the stored results, without measuring again:</p>
<pre tabindex="0"><code>meshbench report ${commandText([run.id])}</code></pre>
<p>What the load tools wrote themselves, request by request, stands in <code>raw/</code> of the run’s folder, compressed; <code>trials/</code> has the histograms. The numbers of each chart can be downloaded beneath it.</p>`
}

/** A figure of one arm under one load needs that arm, the baseline and that load only. */
function oneNumber(view: View, again: string): Html {
  const others = view.arms.filter(({ role }) => role === 'other')
  return html`<details><summary>Only one number of it</summary>${table({
    id: 'reproduce-one',
    caption: 'Commands for each arm and load',
    head: ['Arm', 'Load', 'Command'].map((content) => ({ content })),
    rows: others.flatMap(({ name }) =>
      view.loads.map((load) => [
        name,
        load.name,
        html`<code>${again} ${commandText(['--arms', `${view.baseline.name},${name}`, '--loads', load.name])}</code>`,
      ]),
    ),
  })}</details>`
}

function machine(analysis: Analysis): Html {
  const { run } = analysis.record
  const { machine: host, node, platform, meshbench } = run.provenance
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['Run', run.id],
    ['Started', dateWords(run.startedAt)],
    ['Platform', platform],
    ['Processor', `${host.cpu}, ${host.cores} cores, ${host.arch}`],
    ['Frequency governor', host.governor],
    ['Virtual machine', host.virtual],
    ['Memory', formatSize(host.memoryBytes)],
    ['System', `${host.os}, kernel ${host.kernel}`],
    ['Load average before', host.load.toFixed(2)],
    ['meshbench', meshbench],
    ['Node', node],
    ['Seed', String(run.plan.scenario.seed)],
    ['Plan (SHA-256)', run.digest],
  ]
  return html`<dl class="facts">${rows.map(([term, text]) => text !== undefined && html`<div><dt>${term}</dt><dd>${text}</dd></div>`)}</dl>`
}

function tools({ record }: Analysis): Html {
  const found = record.run.provenance.tools
  if (found.length === 0) return html`<p class="reason">No external program took part.</p>`
  return table({
    id: 'tools',
    caption: 'Programs that took part',
    head: ['Program', 'Version', 'Origin', 'SHA-256'].map((content) => ({ content })),
    rows: found.map(({ name, version, origin, sha256 }) => [
      name,
      version,
      origin,
      html`<code>${sha256 ?? '–'}</code>`,
    ]),
  })
}

/** The scenario as a file that `meshbench run` takes: units written out, so that the page alone repeats the run. */
export function scenarioText({ arms, loads, simulation, idle, ...rest }: Scenario): string {
  return stringify({
    ...rest,
    ...(idle !== undefined && { idle: seconds(idle) }),
    arms: arms.map(({ inject, ...arm }) => ({ ...arm, ...(inject && { inject: { delay: seconds(inject.delay) } }) })),
    loads: loads.map((load) => ({
      ...load,
      rate: load.rate === 'max' ? load.rate : `${load.rate}/s`,
      payload: `${load.payload}B`,
      warmup: seconds(load.warmup),
      duration: seconds(load.duration),
    })),
    ...(traitsOf(rest.platform)?.arms === 'effects' && { simulation: simulationText(simulation) }),
  })
}

function simulationText({ latency, pace, stalls, effects, ...rest }: Simulation) {
  const written = Object.entries(effects).map(([arm, { memory, ...effect }]) => [
    arm,
    { ...effect, ...(memory !== undefined && { memory: `${memory}B` }) },
  ])
  return {
    ...rest,
    latency: seconds(latency),
    pace: seconds(pace),
    effects: Object.fromEntries(written),
    ...(stalls && { stalls: { ...stalls, every: seconds(stalls.every), last: seconds(stalls.last) } }),
  }
}

/** Never in exponent notation, which durations do not have. */
function seconds(value: number): string {
  return value === 0 || value >= 1e-3 ? `${value}s` : `${Number((value * 1e6).toFixed(6))}us`
}
