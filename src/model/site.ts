import type { ToolProvenance } from './result.ts'

/**
 * Where what is not on this machine comes from. A site file replaces any of it: for mirrors, and for places without
 * internet access.
 */
export interface Site {
  readonly kind: { readonly nodeImage: string }
  readonly images: SiteImages
  /** CustomResourceDefinitions of the Gateway API: a folder, a file, or an address. */
  readonly gatewayApi: { readonly manifests: string }
  /** By the vendor's name; what is absent is as the mesh declares it. */
  readonly vendors: Readonly<Record<string, SiteVendor>>
  /** Where the releases of external programs are downloaded from, in place of their publishers. */
  readonly tools?: Readonly<Partial<Record<ProgramName, { readonly base: string }>>>
}

/** What the workload and the load generators run. */
export interface SiteImages {
  readonly fortio: string
  readonly k6: string
  /** Has sh, cat, gzip and sleep: hands files in and out. */
  readonly busybox: string
}

/** A folder, an archive or an `oci://` reference; or a chart of a repository. */
export type Chart = string | { readonly repository: string; readonly chart: string }

/** Who publishes a mesh, and where. */
export interface Vendor {
  /** Key in the site file: `istio`, `linkerd`. */
  readonly name: string
  /** What is installed unless an arm names another. */
  readonly version: string
  /** What image names begin with. */
  readonly hub: string
  /** Tag of the images, where it is not the version. */
  readonly tag?: string
  /** Appended to the tag of images that come in variants: `distroless`. Empty for none. */
  readonly variant?: string
  readonly charts: Readonly<Record<string, Chart>>
  /** Helm values merged over the mesh's own, by the chart's key; those of `*` go to every chart. */
  readonly values?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** Applied after the control plane is there: files or folders. */
  readonly manifests?: readonly string[]
}

export type SiteVendor = Partial<Omit<Vendor, 'name'>>

/** External programs that meshbench runs. */
export const PROGRAMS = ['kind', 'helm', 'fortio', 'k6', 'envoy'] as const
export type ProgramName = (typeof PROGRAMS)[number]

/** A program that was found or fetched. */
export interface Program {
  readonly name: ProgramName
  readonly path: string
  readonly provenance: ToolProvenance
}
