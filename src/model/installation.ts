import { z } from 'zod'
import type { KubernetesObject, Values } from './mesh.ts'

export const INSTALLATION_SCHEMA = 1

const valuesSchema = z.custom<Values>((value) => typeof value === 'object' && value !== null && !Array.isArray(value))
const objectsSchema = z.array(z.custom<KubernetesObject>((value) => typeof value === 'object' && value !== null))

/** One part of an installation, without secrets: passwords, keys and the data of Secrets are left out. */
const installedPartSchema = z.object({
  /** `istiod`, `definitions of the Gateway API`, `enrolment`, … */
  title: z.string(),
  /** SHA-256 of what it was made from: the chart's files and the values, or the objects. */
  digest: z.string(),
  chart: z
    .object({
      name: z.string(),
      /** The version in the chart, which may differ from the requested one. */
      version: z.string(),
      appVersion: z.string().optional(),
      /** Digest of its files. */
      sha256: z.string(),
    })
    .optional(),
  namespace: z.string().optional(),
  /** Helm values that override the chart's defaults, merged from mesh, site and arm. */
  values: valuesSchema.optional(),
  /** Applied objects; CustomResourceDefinitions with name and digest only. */
  objects: objectsSchema.optional(),
  /** Objects that Helm rendered, in the same form. */
  rendered: objectsSchema.optional(),
})
export type InstalledPart = z.infer<typeof installedPartSchema>

/** `arms/<arm>-<digest>.json`: the installation in an arm's cluster. Equal installations share one file. */
export const installationSchema = z.object({
  schema: z.literal(INSTALLATION_SCHEMA),
  arm: z.string(),
  mesh: z.string(),
  version: z.string(),
  profile: z.string(),
  /** SHA-256 of mesh, version, profile and the digests of all parts. */
  digest: z.string(),
  /** In the order of installation. */
  parts: z.array(installedPartSchema),
})
export type Installation = z.infer<typeof installationSchema>
