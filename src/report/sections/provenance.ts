import { formatSize } from '../../model/units.ts'
import { type Html, html } from '../html.ts'
import { scenarioText } from '../scenario-text.ts'
import { table } from '../table.ts'
import type { View } from '../view.ts'
import { dateWords } from './opening.ts'

/** What a sceptic needs: how it was computed, on what, and how to do it again. */
export function provenance(view: View): Html {
  return html`<section aria-labelledby="method"><h2 id="method">Method</h2>${METHOD}</section>
<section aria-labelledby="reproduce"><h2 id="reproduce">Do it again</h2>${reproduce(view)}</section>
<section aria-labelledby="provenance"><h2 id="provenance">Provenance</h2>${machine(view)}${tools(view)}</section>`
}

const METHOD = html`<p>Arms are visited in blocks, in an order drawn from the seed and balanced for position and predecessor; within a visit the loads are shuffled. One load against one arm in one block is a <b>trial</b>: the unit of replication. A trial gives one value for each metric, read off a histogram with three significant digits; requests of different trials are never pooled for a figure, and percentiles are never averaged.</p>
<p>Ratios compare an arm with the baseline <b>of the same block</b>: the mean of the logarithms of those ratios, with a 95 % interval from Student’s t over blocks. A ratio is called higher or lower only where its interval leaves out 1 and it lies beyond what identical arms of the same run differ by (the A/A pair, where there is one); every other is “within noise” or “undecided”. Intervals cover what varies between the blocks of this run, on this machine: not other machines, versions or workloads.</p>
<p>Trials that break a validity rule stay in the tables with their reason and take no part in any figure.</p>`

function reproduce(view: View): Html {
  const { run } = view.analysis.record
  const { git, commandLine, meshbench } = run.provenance
  const { scenario } = run.plan
  const again = `meshbench run scenario.yaml --platform ${run.provenance.platform}`
  return html`<p>The command that made this run (meshbench ${meshbench}${git && html`, in a working directory at commit <code>${git.commit}</code>${git.dirty && ' with uncommitted changes'}`}):</p>
<pre tabindex="0"><code>${commandLine.map(quoted).join(' ')}</code></pre>
<p>The same schedule from this page alone: save the scenario below as <code>scenario.yaml</code>, then run this. The same seed gives the same order.</p>
<pre tabindex="0"><code>${again}</code></pre>
<details><summary>scenario.yaml</summary><pre tabindex="0"><code>${scenarioText(scenario)}</code></pre></details>
<p>This page from the stored results, without measuring again:</p>
<pre tabindex="0"><code>meshbench report ${quoted(run.id)}</code></pre>`
}

/** An argument as a POSIX shell takes it. */
function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", String.raw`'\''`)}'`
}

function machine(view: View): Html {
  const { run } = view.analysis.record
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

function tools({ analysis }: View): Html {
  const found = analysis.record.run.provenance.tools
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
