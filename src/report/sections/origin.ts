import { stringify } from 'yaml'
import type { Analysis } from '../../model/analysis.ts'
import { mostGenerators, type Scenario, type Simulation, type Workload } from '../../model/scenario.ts'
import { traitsOf } from '../../model/traits.ts'
import { formatSize } from '../../model/units.ts'
import { commandText } from '../../model/words.ts'
import { type Html, html } from '../html.ts'
import { table } from '../table.ts'
import { dateWords } from './opening.ts'

/** Provenance of the run, and how to reproduce it. */
export function provenance(analysis: Analysis): Html {
  return html`<section aria-labelledby="reproduce"><h2 id="reproduce">Reproduce</h2>${reproduce(analysis)}</section>
<section aria-labelledby="provenance"><h2 id="provenance">Provenance</h2>${machine(analysis)}${tools(analysis)}</section>`
}

function reproduce(analysis: Analysis): Html {
  const { run } = analysis.record
  const { git, commandLine, meshbench } = run.provenance
  const { scenario } = run.plan
  const again = `meshbench run scenario.yaml --platform ${run.provenance.platform}`
  return html`<p>The command that made this run (meshbench ${meshbench}${git && html`, in a working directory at commit <code>${git.commit}</code>${git.dirty && ' with uncommitted changes'}`}):</p>
<pre tabindex="0"><code>${commandText(commandLine)}</code></pre>
<p>To repeat the schedule without the run’s files, save the scenario below as <code>scenario.yaml</code> and run this command. The same seed gives the same order.</p>
<pre tabindex="0"><code>${again}</code></pre>
<details><summary>scenario.yaml</summary><pre tabindex="0"><code>${scenarioText(scenario)}</code></pre></details>
<p>The command that repeats the figures of one arm under one load stands below the table of costs and in the menu of each chart.</p>
<p>To write this page again from the stored results:</p>
<pre tabindex="0"><code>meshbench report ${commandText([run.id])}</code></pre>
<p>The output of the load tools for each request is in <code>raw/</code> in the run’s folder, compressed; <code>trials/</code> has the histograms. The numbers of each chart can be downloaded below it.</p>`
}

function machine(analysis: Analysis): Html {
  const { run } = analysis.record
  const { machine: host, node, platform, meshbench } = run.provenance
  const generators = mostGenerators(run.plan.scenario.loads)
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['Run', run.id],
    ['Started', dateWords(run.startedAt)],
    ['Platform', platform],
    ['Processor', `${host.cpu}, ${host.cores} cores, ${host.arch}`],
    ['Frequency governor', host.governor],
    ['Virtual machine', host.virtual],
    ['Memory', formatSize(host.memoryBytes)],
    ['System', `${host.os}, kernel ${host.kernel}`],
    ['Load generators', generators > 1 ? String(generators) : undefined],
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
  if (found.length === 0) return html`<p class="reason">No external program was used.</p>`
  return table({
    id: 'tools',
    caption: 'External programs',
    head: ['Program', 'Version', 'Origin', 'SHA-256'].map((content) => ({ content })),
    rows: found.map(({ name, version, origin, sha256, checked }) => [
      name,
      version,
      checked === undefined || checked === origin ? origin : `${origin}, ${checked}`,
      html`<code>${sha256 ?? '–'}</code>`,
    ]),
  })
}

/** The scenario as YAML for `meshbench run`, with units, so that the page is enough to repeat the run. */
export function scenarioText({ arms, loads, simulation, idle, workload, ...rest }: Scenario): string {
  return stringify({
    ...rest,
    ...(idle !== undefined && { idle: seconds(idle) }),
    ...(workload && { workload: workloadText(workload) }),
    arms: arms.map(({ inject, ...arm }) => ({ ...arm, ...(inject && { inject: { delay: seconds(inject.delay) } }) })),
    loads: loads.map(({ rate, payload, scriptSha256: _, applicationSha256: __, request, ...load }) => ({
      ...load,
      ...(load.shape === undefined && { rate: rate === 'max' ? rate : `${rate}/s` }),
      ...(load.script === undefined && !request && { payload: `${payload}B` }),
      warmup: seconds(load.warmup),
      duration: seconds(load.duration),
    })),
    ...(traitsOf(rest.platform)?.arms === 'effects' && { simulation: simulationText(simulation) }),
  })
}

function workloadText(workload: Workload) {
  if (!workload.services) return workload
  const services = Object.entries(workload.services).map(([name, { answer, delay, slow, ...service }]) => [
    name,
    {
      ...service,
      answer: `${answer}B`,
      delay: seconds(delay),
      ...(slow && { slow: { share: `${100 * slow.share}%`, delay: seconds(slow.delay) } }),
    },
  ])
  return { services: Object.fromEntries(services) }
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

/** Formats seconds as a duration, which must not have an exponent. */
function seconds(value: number): string {
  return value === 0 || value >= 1e-3 ? `${value}s` : `${Number((value * 1e6).toFixed(6))}us`
}
