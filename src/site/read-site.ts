import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { meshes as shipped } from '../meshes/index.ts'
import { Failure } from '../model/failure.ts'
import type { Mesh } from '../model/mesh.ts'
import type { Site, SiteVendor } from '../model/site.ts'
import type { FileKind } from '../scenario/file-kind.ts'
import { fileFailure, type Problem } from '../scenario/problem.ts'
import { schemaFindings } from '../scenario/schema-findings.ts'
import { readSource, type Source } from '../scenario/source.ts'
import { tolerant } from '../scenario/tolerant.ts'
import { PUBLIC_SITE } from './defaults.ts'
import { type Places, placesFrom } from './places.ts'
import { placesSchema, siteSchema, vendorSchema } from './schema.ts'
import { resolveVendor } from './vendor.ts'
import { type KnownVendor, vendorsOf } from './vendors.ts'

export const SITE_FILE: FileKind = {
  noun: 'site',
  guide: 'the README shows a site file',
  beginning:
    'Write what is elsewhere at your place, for instance images: { busybox: mirror.example.com/busybox:1.35 }.',
}

export interface SiteAbout {
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
    return await readFile(file, 'utf8')
  } catch (cause) {
    const origin = isFlag ? '--site' : 'MESHBENCH_SITE'
    throw new Failure('site', `the site file ${given} cannot be read`, {
      cause,
      fix: `Correct ${origin}, or leave it out to use the public addresses.`,
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
        : { manifests: await places.resolve(manifests, ['gatewayApi', 'manifests']) },
    vendors: await vendorsFrom(written, vendors, places),
    ...(tools && { tools: definedOf(tools) }),
  }
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
