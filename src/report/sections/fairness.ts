import { stringify } from 'yaml'
import { meshes } from '../../meshes/index.ts'
import type { Analysis } from '../../model/analysis.ts'
import type { Installation, InstalledPart } from '../../model/installation.ts'
import { ENCRYPTIONS } from '../../model/mesh.ts'
import type { HeldReading } from '../../model/result.ts'
import type { Arm } from '../../model/scenario.ts'
import { formatLatency } from '../../model/units.ts'
import type { Evidence, Role, Usage } from '../../model/usage.ts'
import { count, list } from '../../model/words.ts'
import { type ArmStyle, ROLE_STYLES, swatch } from '../arm-styles.ts'
import type { View } from '../data/view.ts'
import { type Fragment, type Html, html } from '../html.ts'
import { table } from '../table.ts'

/** An arm with its evidence. */
interface Witnessed {
  readonly style: ArmStyle
  readonly arm: Arm | undefined
  readonly evidence: ReadonlyMap<string, readonly Evidence[]>
  readonly usage: readonly Usage[]
}

/** Evidence that decides whether a comparison is fair, in this order. Other evidence has its own table. */
const FIRST = [
  ...Object.keys(ENCRYPTIONS),
  'entrance',
  'outside',
  'gateway',
  'path',
  'feature',
  'connections',
  'threads',
  'limits',
  'retries',
  'access-log',
  'tracing',
  'strict',
  'version',
  'placement',
  'cluster',
]

/** The evidence of each arm during the measurement, side by side. */
export function fairness(view: View, analysis: Analysis): Html {
  const arms = view.arms.map((style) => witness(analysis, style))
  const names = [...new Set(arms.flatMap(({ evidence }) => [...evidence.keys()]))]
  const first = FIRST.filter((name) => names.includes(name))
  const rest = names.filter((name) => !FIRST.includes(name))
  const kept: Row[] = [
    ['Architecture', ({ style }) => meshes[style.mesh]?.summary ?? style.title],
    ['Proxies read', ({ style }) => layerWords(style)],
    ['Configured', ({ arm }) => settings(arm)],
    ...first.map(evidenceRow),
    ['Node components', ({ usage }) => nodeParts(usage)],
  ]
  const more: Row[] = [...rest.map(evidenceRow), ['Processes', ({ usage }) => threads(usage)]]
  return html`<section aria-labelledby="fairness"><h2 id="fairness">Evidence for a fair comparison</h2>
<p>Values read from the running proxies, pods and nodes during the measurement. Values that were set but not observed are marked. A claim that does not hold makes its trial invalid.</p>
${matrix('seen', 'Evidence by arm', arms, kept)}
<details><summary>Other evidence: images, CPU accounting, nodes, processes</summary>${matrix('seen-more', 'More evidence by arm', arms, more)}</details>${installed(analysis)}</section>`
}

type Row = [name: string, tell: (arm: Witnessed) => Fragment]

function evidenceRow(name: string): Row {
  return [evidenceTitle(name), ({ evidence }) => seenWords(evidence.get(name))]
}

function matrix(id: string, caption: string, arms: readonly Witnessed[], rows: readonly Row[]): Html {
  return table({
    id,
    kind: 'matrix',
    caption,
    head: [
      { content: 'Evidence' },
      ...arms.map(({ style }) => ({
        content: html`<span class="arm">${swatch(style)}<span>${style.name}</span></span>`,
      })),
    ],
    rows: rows.map(([name, tell]) => [name, ...arms.map(tell)]),
  })
}

function witness({ trials, record }: Analysis, style: ArmStyle): Witnessed {
  const readings = trials.flatMap(({ result: { trial, outcome } }): HeldReading[] =>
    trial.arm === style.name && outcome.status === 'measured' ? [outcome.reading] : [],
  )
  return {
    style,
    arm: record.run.plan.scenario.arms.find(({ name }) => name === style.name),
    evidence: Map.groupBy(
      readings.flatMap(({ observation }) => observation.evidence),
      ({ name }) => name,
    ),
    usage: readings.flatMap(({ observation }) => observation.usage.filter(({ role }) => role !== 'generator')),
  }
}

const LAYER_WORDS = { none: 'nothing: no proxy', L4: 'bytes (L4)', L7: 'requests (L7)' } as const

function layerWords(style: ArmStyle): string {
  const mesh = meshes[style.mesh]
  return mesh ? LAYER_WORDS[mesh.layer] : 'unknown to this version'
}

/** The settings of the arm in the scenario that differ from the mesh's defaults. */
function settings(arm: Arm | undefined): Fragment {
  if (!arm) return '–'
  const asked = [
    ...(arm.version === undefined ? [] : [`version ${arm.version}`]),
    ...(arm.idleServices === undefined ? [] : [`${arm.idleServices} idle services`]),
    ...(arm.feature === undefined ? [] : [`feature ${arm.feature}`]),
    ...(arm.entrance === undefined ? [] : [`entrance ${arm.entrance}`]),
    ...(arm.inject ? [`a delay of ${formatLatency(arm.inject.delay)} injected at the server`] : []),
    ...Object.entries(arm.values ?? {}).map(([name, value]) => `${name}: ${JSON.stringify(value)}`),
  ]
  return asked.length === 0 ? 'defaults of the profile' : asked.join('; ')
}

const TITLES: Readonly<Record<string, string>> = {
  mtls: 'mTLS',
  wireguard: ENCRYPTIONS.wireguard.title,
  'cpu-account': 'CPU accounting',
  'cpu-model': 'CPU model',
  threads: 'Proxy threads',
  strict: 'Strict mTLS',
  limits: 'Proxy limits',
  connections: 'Connections between proxies',
  entrance: 'Entrance of the load',
  outside: 'Client outside of the mesh',
}

function evidenceTitle(name: string): string {
  return TITLES[name] ?? `${name.charAt(0).toUpperCase()}${name.slice(1).replaceAll('-', ' ')}`
}

/** A cell of the evidence table; failed claims come first. */
function seenWords(all: readonly Evidence[] | undefined): Fragment {
  if (!all) return '–'
  const broken = all.filter(({ holds }) => holds === false)
  const first = broken[0] ?? all[0]
  const others = new Set(all.map(({ seen }) => seen)).size - 1
  const claim =
    broken.length > 0
      ? html`<span class="status invalid">failed in ${broken.length} of ${count(all.length, 'trial')}</span> `
      : first?.holds && html`<span class="status valid">holds</span> `
  return html`${claim}${first?.seen}${others > 0 && html` <small>and ${count(others, 'other reading')}</small>`} <small>${first?.source === 'configuration' ? 'set, not observed' : first?.source}</small>`
}

const NODE_ROLES: ReadonlySet<Role> = new Set(['node-proxy', 'cni'])

/** How components that run once per node are counted: in full, although they would serve every pod of the node. */
function nodeParts(usage: readonly Usage[]): string {
  const names = [...new Set(usage.flatMap(({ component, role }) => (NODE_ROLES.has(role) ? [component] : [])))]
  if (names.length === 0) return 'none'
  return `${list(names)}: counted in full, as measured on the nodes of client and server; on a node with more pods, each pod has a smaller share`
}

function threads(usage: readonly Usage[]): Fragment {
  const components = [...Map.groupBy(usage, ({ component }) => component)]
  if (components.length === 0) return 'no trial of this arm was measured'
  return components.map(
    ([component, group]) =>
      html`<span class="line">${component}: ${threadWords(group)} <small>${ROLE_STYLES[group[0]?.role ?? 'node'].title}</small></span>`,
  )
}

function threadWords(group: readonly Usage[]): string {
  const seen = group.flatMap((usage) => usage.threads ?? [])
  const [least, most] = [Math.min(...seen), Math.max(...seen)]
  if (seen.length === 0) return 'not read'
  return least === most ? count(most, 'thread') : `${least} to ${most} threads`
}

/** The installation in each arm's cluster: charts, values and objects, without secrets. Empty on platforms without clusters. */
function installed({ record: { installations = [] } }: Pick<Analysis, 'record'>): Html {
  if (installations.length === 0) return html``
  return html`<h3>What was installed</h3><p>Helm values that override the charts’ defaults, and applied objects. The rendered objects are in <code>arms/</code> in the run’s folder. Passwords, keys and the data of Secrets are not stored.</p>
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
  rendered && rendered.length > 0 && html`<p class="under">rendered by Helm: ${rendered.map(nameOf).join(', ')}</p>`
}`
}

function nameOf({ kind, metadata }: NonNullable<InstalledPart['rendered']>[number]): string {
  return `${kind} ${metadata.name}`
}
