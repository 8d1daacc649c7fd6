import { stringify } from 'yaml'
import type { Analysis } from '../../model/analysis.ts'
import type { Installation, InstalledPart } from '../../model/installation.ts'
import { type Html, html } from '../html.ts'

/** What stands in the cluster of each arm: charts, values and objects, without secrets. Nothing where arms are no clusters. */
export function installed({ record: { installations = [] } }: Pick<Analysis, 'record'>): Html {
  if (installations.length === 0) return html``
  return html`<h3>What was installed</h3><p>Values over the charts’ own, and what was applied. What helm made of them stands in full in <code>arms/</code> of the run’s folder; passwords, keys and the data of Secrets are left out everywhere.</p>
${installations.map(ofArm)}`
}

function ofArm({ arm, mesh, version, profile, digest, parts }: Installation): Html {
  return html`<details><summary>${arm}: ${mesh}${mesh === 'none' ? '' : ` ${version}`}, ${profile}</summary>
<p class="under">SHA-256 of all parts <code>${digest}</code></p>${parts.map(part)}</details>`
}

function part({ title, chart, namespace, values, objects, rendered, digest }: InstalledPart): Html {
  const of = chart ? `, chart ${chart.name} ${chart.version}` : ''
  const given = { ...(values && { values }), ...(objects && objects.length > 0 && { objects }) }
  return html`<p><b>${title}</b>${of}${namespace !== undefined && ` in ${namespace}`} <small><code>${digest.slice(0, 16)}</code></small></p>
${Object.keys(given).length > 0 && html`<pre tabindex="0"><code>${stringify(given)}</code></pre>`}${
  rendered && rendered.length > 0 && html`<p class="under">helm made: ${rendered.map(nameOf).join(', ')}</p>`
}`
}

function nameOf({ kind, metadata }: NonNullable<InstalledPart['rendered']>[number]): string {
  return `${kind} ${metadata.name}`
}
