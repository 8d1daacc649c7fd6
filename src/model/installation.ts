import { z } from 'zod'
import type { KubernetesObject, Values } from './mesh.ts'

export const INSTALLATION_SCHEMA = 1

const valuesSchema = z.custom<Values>((value) => typeof value === 'object' && value !== null && !Array.isArray(value))
const objectsSchema = z.array(z.custom<KubernetesObject>((value) => typeof value === 'object' && value !== null))

/** One step of an installation. Nothing in it is a secret: passwords, keys and the data of Secrets are left out. */
const installedPartSchema = z.object({
  /** `istiod`, `definitions of the Gateway API`, `enrolment`, … */
  title: z.string(),
  /** SHA-256 of what it was made from: the chart's files and the values, or the objects. */
  digest: z.string(),
  chart: z
    .object({
      name: z.string(),
      /** The chart's own, whatever was asked for. */
      version: z.string(),
      appVersion: z.string().optional(),
      /** Of its files. */
      sha256: z.string(),
    })
    .optional(),
  namespace: z.string().optional(),
  /** Helm values over the chart's own: the mesh's, the site's and the arm's, merged. */
  values: valuesSchema.optional(),
  /** What was applied. Of a CustomResourceDefinition only its name and digest. */
  objects: objectsSchema.optional(),
  /** What helm made of chart and values; likewise. */
  rendered: objectsSchema.optional(),
})
export type InstalledPart = z.infer<typeof installedPartSchema>

/** `arms/<arm>-<digest>.json`: what stands in the cluster of an arm. Equal ones are one file, however often provisioned. */
export const installationSchema = z.object({
  schema: z.literal(INSTALLATION_SCHEMA),
  arm: z.string(),
  mesh: z.string(),
  version: z.string(),
  profile: z.string(),
  /** SHA-256 of mesh, version, profile and the digests of all parts. */
  digest: z.string(),
  /** In the order of installing. */
  parts: z.array(installedPartSchema),
})
export type Installation = z.infer<typeof installationSchema>
