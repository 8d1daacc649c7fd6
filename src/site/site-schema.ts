import { z } from 'zod'
import type { Mesh } from '../model/mesh.ts'
import { PROGRAMS, type ProgramName } from '../model/site.ts'
import { perImage } from '../model/traits.ts'
import { CATALOGUE } from '../tools/catalogue.ts'
import { isWithin } from '../tools/locate.ts'
import { say, section } from '../yaml/quantities.ts'
import { shown } from '../yaml/yaml-finding.ts'

const IMAGE = /^\w[\w.-]*(:\d+)?(\/[\w.-]+)*(:[\w.-]+(@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})$/

const image = z
  .string()
  .regex(IMAGE, {
    error: ({ input }) =>
      say(`${shown(input)} does not name an image`, 'Write it with its tag or digest: mirror.example.com/name:1.2.3.'),
  })
  .optional()

const address = z.string().regex(/^https:\/\/\S+$/, {
  error: ({ input }) =>
    say(
      `${shown(input)} is not an https address`,
      'Begin it with https://: over http, anybody on the way could change a program.',
    ),
})

const digest = z.string().regex(/^[0-9a-f]{64}$/, {
  error: ({ input }) =>
    say(`${shown(input)} is not a SHA-256`, 'Write its 64 hexadecimal digits, as `sha256sum` prints them.'),
})

/** Text that is not empty: the path of a file, or a part of a name. */
const text = z
  .string()
  .min(1, { error: () => say('there is no text in it', 'Write some, or remove the key.') })
  // It becomes an argument of helm or docker.
  .refine((written) => !written.startsWith('-'), {
    error: ({ input }) => say(`${shown(input)} begins with a hyphen`, 'Write ./ before the name of a file that does.'),
  })

/** What a site says of a program whose publisher has releases. */
function toolSchema(name: ProgramName) {
  const { accepts, ways } = CATALOGUE[name]
  const targets = ways.flatMap((way) => (way.kind === 'release' ? Object.keys(way.files) : []))
  const [from, below] = accepts
  return section({
    base: address.optional(),
    version: z
      .string()
      .regex(/^\d+\.\d+\.\d+$/, {
        error: ({ input }) =>
          say(`${shown(input)} is not a version`, `Write it as ${from}, between ${from} and ${below}.`),
      })
      .refine((version) => isWithin(version, accepts), {
        error: ({ input }) => say(`${name} ${input} is not supported`, `Name one from ${from} on, below ${below}.`),
      })
      .optional(),
    sha256: section(Object.fromEntries(targets.map((target) => [target, digest.optional()]))).optional(),
    unchecked: z.boolean().optional(),
  })
}

/** Every key but those of vendors. */
export const placesSchema = section({
  kind: section({ nodeImage: image }).optional(),
  images: section({ ...perImage(() => image), busybox: image }).optional(),
  gatewayApi: section({ manifests: text, sha256: digest.optional(), unchecked: z.boolean().optional() }).optional(),
  tools: section(Object.fromEntries(PROGRAMS.map((name) => [name, toolSchema(name).optional()]))).optional(),
})

/** What a site says of one vendor. Paths are relative to the file. */
export function vendorSchema(charts: readonly string[]) {
  const chart = z.union([text, section({ repository: text, chart: text })]).optional()
  const values = z.union([text, z.record(z.string(), z.unknown())]).optional()
  return section({
    hub: text.optional(),
    tag: text.optional(),
    variant: z.string().optional(),
    version: text.optional(),
    charts: section(Object.fromEntries(charts.map((key) => [key, chart]))).optional(),
    values: z.union([text, section(Object.fromEntries([...charts, '*'].map((key) => [key, values])))]).optional(),
    manifests: z.union([text, z.array(text).min(1)]).optional(),
  })
}

/** A site file as it is written. */
export function siteSchema(vendors: readonly KnownVendor[]) {
  return section({
    ...placesSchema.shape,
    ...Object.fromEntries(vendors.map(({ name, charts }) => [name, vendorSchema(charts).optional()])),
  })
}

/** A vendor that some mesh names: a key of the site file, with the keys of its charts. */
export interface KnownVendor {
  readonly name: string
  readonly charts: readonly string[]
}

/** Meshes of one vendor may use different charts of it. */
export function vendorsOf(meshes: Readonly<Record<string, Mesh>>): KnownVendor[] {
  const charts = new Map<string, Set<string>>()
  for (const { kubernetes } of Object.values(meshes)) {
    if (!kubernetes?.vendor) continue
    const { name, charts: own } = kubernetes.vendor
    charts.set(name, new Set([...(charts.get(name) ?? []), ...Object.keys(own)]))
  }
  return [...charts].map(([name, keys]) => ({ name, charts: [...keys] }))
}
