import { access } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, resolve } from 'node:path'
import type { z } from 'zod'
import { MOST_BYTES, readRegularFile } from '../host/regular-file.ts'
import { meshes as shipped } from '../meshes/index.ts'
import { Failure } from '../model/failure.ts'
import type { Mesh, Values } from '../model/mesh.ts'
import type { Chart, Site, SiteManifests, SiteTool, SiteVendor } from '../model/site.ts'
import { perImage } from '../model/traits.ts'
import { schemaFindings, type Tolerated, tolerant } from '../yaml/schema-problems.ts'
import { type FileKind, fileFailure, type Problem, readSource, type Source } from '../yaml/source.ts'
import type { Finding, Path } from '../yaml/yaml-finding.ts'
import { type KnownVendor, placesSchema, siteSchema, vendorSchema, vendorsOf } from './site-schema.ts'

/** The public addresses. Everything is pinned, so that a run can be repeated. */
export const PUBLIC_SITE: Site = {
  kind: {
    nodeImage: 'kindest/node:v1.35.8@sha256:07b2536e30b803ed61d1677a79df6115f798ce64c80f9e22f6ed45afd09323c0',
  },
  images: {
    ...perImage((image) => image),
    busybox: 'busybox:1.35.0@sha256:8c40df61d40166f5791f44b3d90b77b4c7f59ed39a992fd9046886d3126ffa68',
  },
  gatewayApi: {
    manifests: 'https://github.com/kubernetes-sigs/gateway-api/releases/download/v1.5.1/standard-install.yaml',
    sha256: '751002b3b91a87f7ae3bd2517c79a47a8d7ed6702901808a1cf9bd97d284f9b8',
  },
  vendors: {},
}

const SITE_FILE: FileKind = {
  noun: 'site',
  guide: 'docs/site-file.md shows a site file',
  beginning:
    'Write what is elsewhere at your place, for instance images: { busybox: mirror.example.com/busybox:1.35 }.',
}

interface SiteAbout {
  /** What a relative path on the command line begins at. */
  readonly cwd?: string
  readonly meshes?: Readonly<Record<string, Mesh>>
}

/** Reads the site file that the command line or `MESHBENCH_SITE` names; without one, the public addresses hold. */
export async function readSite(
  path: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  { cwd = process.cwd(), meshes = shipped }: SiteAbout = {},
): Promise<Site> {
  const given = path ?? env['MESHBENCH_SITE']
  if (!given) return PUBLIC_SITE
  const file = resolve(cwd, given)
  const source = readSource(await textOf(file, given, path !== undefined), given, SITE_FILE)
  const vendors = vendorsOf(meshes)
  const places = placesFrom(dirname(file))
  const site = await siteFrom(source.value, vendors, places)
  const problems = problemsOf(source, vendors, places)
  if (problems.length > 0) throw fileFailure('site', problems, SITE_FILE)
  return site
}

async function textOf(file: string, given: string, isFlag: boolean): Promise<string> {
  try {
    return readRegularFile(file, MOST_BYTES.settings)
  } catch (cause) {
    const origin = isFlag ? '--site' : 'MESHBENCH_SITE'
    throw new Failure('site', `the site file ${given} cannot be read`, {
      cause,
      remedy: `Correct ${origin}, or leave it out to use the public addresses.`,
    })
  }
}

const looseSchema = tolerant(placesSchema)

/** Made of what is right; what is wrong is among the problems. */
async function siteFrom(written: unknown, vendors: readonly KnownVendor[], places: Places): Promise<Site> {
  const { kind, images, gatewayApi, tools } = looseSchema.parse(written) ?? {}
  const manifests = gatewayApi?.manifests
  return {
    kind: { nodeImage: kind?.nodeImage ?? PUBLIC_SITE.kind.nodeImage },
    images: { ...PUBLIC_SITE.images, ...definedOf(images ?? {}) },
    gatewayApi:
      manifests === undefined
        ? PUBLIC_SITE.gatewayApi
        : await manifestsOf({ ...definedOf(gatewayApi ?? {}), manifests }, places),
    vendors: await vendorsFrom(written, vendors, places),
    ...(tools && { tools: toolsOf(tools) }),
  }
}

/** Files are the user's own; of what an address gives, a digest says whether it is what was meant. */
async function manifestsOf(written: SiteManifests, places: Places): Promise<SiteManifests> {
  const path = ['gatewayApi', 'manifests']
  const manifests = await places.resolve(written.manifests, path)
  const isPublic = manifests === PUBLIC_SITE.gatewayApi.manifests
  if (isAddress(manifests) && !isPublic && written.sha256 === undefined && !written.unchecked) {
    places.object({
      path,
      message: 'nothing says what is at this address',
      remedy: 'Write sha256: with the digest of the file beside it, or unchecked: true to take what is there.',
    })
  }
  return { ...(isPublic ? PUBLIC_SITE.gatewayApi : written), manifests }
}

function isAddress(place: string): boolean {
  return /^[a-z][a-z0-9+]*:\/\//.test(place)
}

function toolsOf(written: object): NonNullable<Site['tools']> {
  const tools = Object.entries(definedOf(written)).map(([name, tool]) => {
    const { sha256, ...rest } = definedOf(tool as SiteTool)
    return [name, { ...rest, ...(sha256 && { sha256: definedOf(sha256) }) }]
  })
  return Object.fromEntries(tools) as NonNullable<Site['tools']>
}

async function vendorsFrom(
  written: unknown,
  vendors: readonly KnownVendor[],
  places: Places,
): Promise<Record<string, SiteVendor>> {
  const found: Record<string, SiteVendor> = {}
  for (const { name, charts } of vendors) {
    const own = (written as Record<string, unknown> | null | undefined)?.[name]
    const sketch = tolerant(vendorSchema(charts)).parse(own)
    if (sketch) found[name] = await resolveVendor(sketch, [name], places)
  }
  return found
}

function problemsOf(source: Source, vendors: readonly KnownVendor[], places: Places): Problem[] {
  const inFile = [...schemaFindings(siteSchema(vendors), source, SITE_FILE), ...places.findings]
    .filter(({ missing }) => !(missing && source.doubtful))
    .map((finding) => source.problem(finding))
    .filter(({ line }) => !source.broken.has(line))
    .toSorted((a, b) => a.line - b.line || a.column - b.column)
  return [...source.problems, ...inFile, ...places.problems]
}

type Defined<Values> = { readonly [Key in keyof Values]?: NonNullable<Values[Key]> }

function definedOf<Values extends object>(values: Values): Defined<Values> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<Values>
}

const VALUES_FILE: FileKind = {
  noun: 'values file',
  guide: 'it holds Helm values',
  beginning: 'Write Helm values into it, or remove it from the site file.',
}

/** The files that a site file names, looked up one after the other; what is wrong with them gathers here. */
interface Places {
  readonly findings: readonly Finding[]
  /** Mistakes within the files that are named. */
  readonly problems: readonly Problem[]
  /** Adds what is wrong with a place. */
  object(finding: Finding): void
  /** An address as it is; a path made absolute, which must exist. `path` is where it is written. */
  resolve(written: string, path: Path): Promise<string>
  /** The Helm values of a file; none where it is wrong. */
  values(written: string, path: Path): Promise<Values>
}

/** Relative paths begin at `dir`, the folder of the site file. */
function placesFrom(dir: string): Places {
  const findings: Finding[] = []
  const problems: Problem[] = []
  const resolved = async (written: string, path: Path) => {
    if (isAddress(written)) return written
    const file = resolve(dir, written.replace(/^~(?=\/|$)/, homedir()))
    await access(file).catch(() => findings.push(absent(written, file, path)))
    return file
  }
  const values = async (written: string, path: Path): Promise<Values> => {
    const file = await resolved(written, path)
    let text: string
    try {
      text = readRegularFile(file, MOST_BYTES.settings)
    } catch (error) {
      if (!findings.some((finding) => finding.path === path)) findings.push(unreadable(written, path, error))
      return {}
    }
    const source = readSource(text, written, VALUES_FILE)
    problems.push(...source.problems)
    if (isMap(source.value)) return source.value
    if (source.problems.length === 0) findings.push(notValues(written, path))
    return {}
  }
  return { findings, problems, object: (finding) => findings.push(finding), resolve: resolved, values }
}

function isMap(value: unknown): value is Values {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

function absent(written: string, file: string, path: Path): Finding {
  const remedy =
    written === file
      ? 'Correct the path.'
      : `Correct the path: relative ones begin at the site file, so this is ${file}.`
  return { path, message: `there is no file or folder ${written}`, remedy }
}

function unreadable(written: string, path: Path, error: unknown): Finding {
  const message = `${written} cannot be read as a file`
  const { why } = new Failure('site', message, { cause: error })
  return { path, message: why ? `${message}: ${why}` : message, remedy: 'Name a YAML file of Helm values.' }
}

function notValues(written: string, path: Path): Finding {
  return { path, message: `${written} holds no map of keys`, remedy: 'Name a YAML file of Helm values.' }
}

/** What is written of a vendor, without what is wrong. */
type Sketch = NonNullable<Tolerated<z.output<ReturnType<typeof vendorSchema>>>>

/** Paths made absolute, values read from their files. */
async function resolveVendor(sketch: Sketch, path: Path, places: Places): Promise<SiteVendor> {
  const { charts, values, manifests, ...plain } = sketch
  return {
    ...(Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined)) as SiteVendor),
    ...(charts && { charts: await chartsFrom(charts, [...path, 'charts'], places) }),
    ...(values !== undefined && { values: await valuesFrom(values, [...path, 'values'], places) }),
    ...(manifests !== undefined && { manifests: await manifestsFrom(manifests, [...path, 'manifests'], places) }),
  }
}

type Written<Key extends keyof Sketch> = NonNullable<Sketch[Key]>

async function chartsFrom(written: Written<'charts'>, path: Path, places: Places): Promise<Record<string, Chart>> {
  const charts: Record<string, Chart> = {}
  for (const [key, chart] of Object.entries(written)) {
    if (typeof chart === 'string') charts[key] = await places.resolve(chart, [...path, key])
    else if (chart?.repository && chart.chart) charts[key] = { repository: chart.repository, chart: chart.chart }
  }
  return charts
}

/** A file alone is for every chart. */
async function valuesFrom(written: Written<'values'>, path: Path, places: Places): Promise<Record<string, Values>> {
  if (typeof written === 'string') return { '*': await places.values(written, path) }
  const values: Record<string, Values> = {}
  for (const [key, value] of Object.entries(written)) {
    if (typeof value === 'string') values[key] = await places.values(value, [...path, key])
    else if (value) values[key] = value
  }
  return values
}

async function manifestsFrom(written: Written<'manifests'>, path: Path, places: Places): Promise<string[]> {
  if (typeof written === 'string') return [await places.resolve(written, path)]
  const found: string[] = []
  for (const [index, manifest] of written.entries()) {
    if (manifest !== undefined) found.push(await places.resolve(manifest, [...path, index]))
  }
  return found
}
