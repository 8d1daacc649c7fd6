import { mkdir } from 'node:fs/promises'
import { isTree, mergeValues } from '../../meshes/settings.ts'
import { Failure } from '../../model/failure.ts'
import type {
  HelmCredentials,
  InstallAbout,
  InstallStep,
  KubernetesMesh,
  KubernetesObject,
  Readiness,
  Values,
} from '../../model/mesh.ts'
import type { Finding } from '../../model/platform.ts'
import type { Seconds } from '../../model/units.ts'
import { type CachedChart, chartCache } from './chart-cache.ts'
import { chartAddress, type Helm, helmArgv, isLocalChart, runHelm } from './helm.ts'
import { type HelmStep, madeCredentials } from './install-mesh.ts'
import { parseManifests } from './manifests.ts'

/** An arm as it is to be installed. */
interface Examined {
  readonly arm: { readonly name: string; readonly version?: string | undefined }
  readonly kubernetes: KubernetesMesh
  readonly about: InstallAbout
}

/**
 * Renders the charts of arms, and looks in what comes out for what their installation waits for and for the images that are
 * brought into the nodes: what is not there would be waited for in vain, minutes into a run. `kubernetes`: the version that
 * charts are rendered for. The answer is empty where all is well.
 */
export async function examineCharts(
  arms: readonly Examined[],
  helm: Helm,
  kubernetes: string | undefined,
  signal: AbortSignal,
): Promise<Finding[]> {
  await mkdir(helm.dir, { recursive: true, mode: 0o700 })
  const bench = workbench(helm, kubernetes, signal)
  // Fetched side by side; what becomes of each is asked again below.
  const steps = arms.flatMap((one) => helmSteps(one.kubernetes.install(one.about)).map((step) => ({ step, ...one })))
  await Promise.allSettled(steps.map(({ step, about }) => bench.chart(step, about)))
  const found: Finding[] = []
  for (const one of arms) found.push(...(await examineArm(one, bench)))
  return [...new Map(found.map((finding) => [JSON.stringify(finding), finding])).values()]
}

/** For one chart, where a proxy or a registry does not answer. */
const FETCHING: Seconds = 60

/** What helm has been asked already is not asked again: arms share charts, and often their values. */
interface Workbench {
  chart(step: HelmStep, about: InstallAbout): Promise<CachedChart>
  render(step: HelmStep, about: InstallAbout): Promise<readonly KubernetesObject[]>
}

function workbench(helm: Helm, kubernetes: string | undefined, signal: AbortSignal): Workbench {
  const cache = chartCache(helm)
  const rendered = new Map<string, Promise<readonly KubernetesObject[]>>()
  // One key pair for all that is compared: another would make another rendering.
  const credentials = new Map<string, Promise<Values>>()
  const keysOf = (wanted: HelmCredentials) => {
    const key = JSON.stringify(wanted)
    const made = credentials.get(key) ?? madeCredentials(wanted)
    credentials.set(key, made)
    return made
  }
  const asked = new Map<string, Promise<CachedChart>>()
  // Also one that cannot be had is asked for once: each may take its time to say so.
  const chart = (step: HelmStep, about: InstallAbout) => {
    const address = chartAddress(about, step.chart)
    const key = JSON.stringify([address, step.version])
    const limit = AbortSignal.any([signal, AbortSignal.timeout(FETCHING * 1000)])
    const known = asked.get(key) ?? cache.chart(address, step.version, limit)
    asked.set(key, known)
    return known
  }
  const render = async (step: HelmStep, path: string) => {
    const values = mergeValues(step.values, step.credentials && (await keysOf(step.credentials)))
    const text = await runHelm(helm, helmArgv.template(step, path, kubernetes), signal, values)
    return parseManifests(text, `what the chart ${step.chart} makes`)
  }
  return {
    chart,
    render: async (step, about) => {
      const { path } = await chart(step, about)
      const key = JSON.stringify([path, step])
      const known = rendered.get(key) ?? render(step, path)
      rendered.set(key, known)
      return await known
    },
  }
}

async function examineArm(one: Examined, bench: Workbench): Promise<Finding[]> {
  const { arm, kubernetes, about } = one
  const steps = kubernetes.install(about)
  const found: Finding[] = []
  const objects: KubernetesObject[] = []
  const charts: CachedChart[] = []
  for (const step of helmSteps(steps)) {
    try {
      charts.push(await bench.chart(step, about))
    } catch (thrown) {
      found.push(Failure.from(thrown).toFinding())
      continue
    }
    try {
      objects.push(...(await bench.render(step, about)).map((object) => inNamespace(object, step.namespace)))
    } catch (thrown) {
      found.push({
        severity: 'error',
        message: `arm ${arm.name}: the chart ${step.chart} cannot be rendered with its values`,
        cause: Failure.from(thrown).why ?? (thrown as Error).message,
        remedy: `Correct the values of ${step.chart}: values.values.${step.chart} of the arm, and those of the site file.`,
      })
    }
  }
  // What is missing of half an installation says nothing.
  if (found.some(({ severity }) => severity === 'error')) return found
  found.push(...versionFinding(one, charts), ...gatewayFinding(one, steps, objects))
  found.push(...steps.flatMap((step) => (step.do === 'wait' ? missingFindings(one, step.until, objects) : [])))
  found.push(...imageFindings(one, objects))
  if (found.length === 0) found.push(...(await idleValues(one, bench)))
  return found
}

function helmSteps(steps: readonly InstallStep[]): HelmStep[] {
  return steps.filter((step) => step.do === 'helm')
}

/** Objects without a namespace are made in the release's. */
function inNamespace(object: KubernetesObject, namespace: string): KubernetesObject {
  return object.metadata.namespace ? object : { ...object, metadata: { ...object.metadata, namespace } }
}

/** A chart of this machine has its own version, whatever an arm asks for. */
function versionFinding(
  { arm: { name, version: wanted }, about, kubernetes }: Examined,
  charts: readonly CachedChart[],
) {
  if (wanted === undefined) return []
  const steps = helmSteps(kubernetes.install(about))
  const others = charts.filter(({ version, appVersion }, index) => {
    const step = steps[index]
    if (!step || !isLocalChart(chartAddress(about, step.chart))) return false
    return ![version, appVersion].some((one) => one?.replace(/^v/, '') === step.version || one === wanted)
  })
  if (others.length === 0) return []
  const are = others.map((chart) => `${chart.name} is ${chart.version}`).join(', ')
  return [
    {
      severity: 'warning',
      message: `arm ${name} needs ${wanted}, but the charts of the site file are ${are}`,
      cause: 'The images would have the requested version, and the other objects another one.',
      remedy: `Name the charts of ${wanted} in the site file, or measure the version of these charts.`,
    } as const,
  ]
}

function gatewayFinding(
  { arm }: Examined,
  steps: readonly InstallStep[],
  objects: readonly KubernetesObject[],
): Finding[] {
  const isOurs = steps.some((step) => step.do === 'gateway-api')
  const theirs = objects.filter(
    ({ kind, metadata }) => kind === 'CustomResourceDefinition' && metadata.name.endsWith('.gateway.networking.k8s.io'),
  )
  if (!isOurs || theirs.length === 0) return []
  return [
    {
      severity: 'error',
      message: `arm ${arm.name}: its charts bring definitions of the Gateway API, which are installed before them`,
      cause: `Helm refuses what it did not make: ${theirs.map(({ metadata }) => metadata.name).join(', ')}.`,
      remedy:
        'Disable them in the values of the chart (Linkerd: values.values.linkerd-crds, installGatewayAPI: false), or name a version without them.',
    },
  ]
}

const MADE_BY_HELM: readonly Readiness['kind'][] = ['Deployment', 'DaemonSet']

function missingFindings(
  { arm }: Examined,
  until: readonly Readiness[],
  objects: readonly KubernetesObject[],
): Finding[] {
  const missing = until.filter(
    ({ kind, namespace, name }) =>
      MADE_BY_HELM.includes(kind) &&
      !objects.some(
        (object) => object.kind === kind && object.metadata.name === name && object.metadata.namespace === namespace,
      ),
  )
  return missing.map(({ kind, namespace, name }) => {
    const made = objects.filter((object) => object.kind === kind)
    const names = made.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).join(', ') || 'none'
    return {
      severity: 'error',
      message: `arm ${arm.name} waits for ${kind} ${namespace}/${name}, which its charts do not create`,
      cause: `Objects of that kind in the charts: ${names}. The usual cause are values that rename or disable it.`,
      remedy: 'Remove these values from the arm (values.values) or the site file.',
    }
  })
}

function imageFindings({ arm, kubernetes, about }: Examined, objects: readonly KubernetesObject[]): Finding[] {
  const lasting = objects.filter(({ kind, metadata }) => LASTING.has(kind) && !metadata.annotations?.['helm.sh/hook'])
  const run = [...new Set([...lasting.flatMap(imagesIn), ...(kubernetes.injectedImages?.(objects) ?? [])])]
  const brought = kubernetes.images(about).map(({ name }) => name)
  // An injector may name an image in its own settings only.
  const text = JSON.stringify(lasting)
  const absent = brought.filter((name) => !run.some((one) => isSame(one, name)) && !text.includes(JSON.stringify(name)))
  const strange = run.filter((name) => !brought.some((one) => isSame(one, name)))
  if (absent.length > 0) {
    return [
      {
        severity: 'error',
        message: `arm ${arm.name}: its charts do not run ${absent.join(', ')}, which meshbench loads into the nodes`,
        cause: strange.length > 0 ? `They run ${strange.join(', ')} instead.` : 'They run nothing instead.',
        remedy:
          "Name hub, tag and variant in the site file, or the version in the arm, instead of images in values; and use the charts of the arm's version.",
      },
    ]
  }
  if (strange.length === 0) return []
  return [
    {
      severity: 'warning',
      message: `arm ${arm.name} also runs ${strange.join(', ')}, which meshbench does not load into the nodes`,
      cause:
        'The nodes pull it from its registry while the arm is created, which fails without access to the registry.',
      remedy: 'If the nodes cannot reach the registry, disable the workload that uses it in the values.',
    },
  ]
}

const LASTING = new Set(['Deployment', 'DaemonSet', 'StatefulSet', 'ReplicaSet', 'Pod'])

function imagesIn(object: KubernetesObject): string[] {
  const spec = object['spec'] as { template?: { spec?: PodSpec } } & PodSpec
  const { containers = [], initContainers = [] } = spec.template?.spec ?? spec
  return [...initContainers, ...containers].flatMap(({ image }) => (image ? [image] : []))
}

interface PodSpec {
  readonly containers?: readonly { readonly image?: string }[]
  readonly initContainers?: readonly { readonly image?: string }[]
}

/** `istio/pilot:1` is `docker.io/istio/pilot:1`. */
function isSame(a: string, b: string): boolean {
  const bare = (name: string) => name.replace(/^(index\.)?docker\.io\//, '').replace(/^library\//, '')
  return bare(a) === bare(b)
}

/** So many values of an arm are looked at one by one: each is a rendering. */
const MOST_VALUES = 12

/** Values of the arm without which its charts render the same: a misspelt key, a chart that the mesh does not install. */
async function idleValues({ arm, kubernetes, about }: Examined, bench: Workbench): Promise<Finding[]> {
  const own = isTree(about.settings['values']) ? about.settings['values'] : {}
  const leaves = leavesOf(own)
  if (leaves.length > MOST_VALUES) return []
  const render = async (of: InstallAbout) => {
    const all: string[] = []
    for (const step of helmSteps(kubernetes.install(of))) all.push(comparable(await bench.render(step, of)))
    return all.join('\n')
  }
  const whole = await render(about)
  const idle: string[] = []
  for (const leaf of leaves) {
    const without = { ...about, settings: { ...about.settings, values: lacking(own, leaf) } }
    // A chart may not render without it, which is an effect.
    const text = await render(without).catch(() => undefined)
    if (text === whole) idle.push(leaf.join('.'))
  }
  if (idle.length === 0) return []
  return [
    {
      severity: 'warning',
      message: `arm ${arm.name}: ${idle.length === 1 ? 'a value changes' : 'values change'} nothing in the rendered charts: ${idle.join(', ')}`,
      cause:
        'The value is the default of the chart, or the chart does not read the key. Then the arm lacks the intended setting.',
      remedy: 'Compare the key with the values of the chart: helm show values.',
    },
  ]
}

function leavesOf(tree: Values, above: readonly string[] = []): (readonly string[])[] {
  return Object.entries(tree).flatMap(([key, value]) => {
    const path = [...above, key]
    return isTree(value) && Object.keys(value).length > 0 ? leavesOf(value, path) : [path]
  })
}

function lacking(tree: Values, [key = '', ...rest]: readonly string[]): Values {
  const { [key]: value, ...others } = tree
  return rest.length > 0 && isTree(value) ? { ...others, [key]: lacking(value, rest) } : others
}

/** Without what charts make anew with each rendering, certificates and digests of them, and without Istio's copy of all values. */
function comparable(objects: readonly KubernetesObject[]): string {
  return JSON.stringify(
    objects.filter(({ kind, metadata }) => kind !== 'Secret' && !/^values(-|$)/.test(metadata.name)),
    (key, value) => (key === 'caBundle' || /checksum|sha256/i.test(key) ? undefined : value),
  )
}
