import type { ToolProvenance } from './result.ts'
import { type ImagedToolName, TOOLS } from './traits.ts'

/**
 * Sources of everything that is not on this machine. A site file can replace each of them, for mirrors and for places
 * without internet access.
 */
export interface Site {
  readonly kind: { readonly nodeImage: string }
  readonly images: SiteImages
  /** CustomResourceDefinitions of the Gateway API: a folder, a file, or an address. */
  readonly gatewayApi: SiteManifests
  /** Vendors by name; absent ones are as the mesh declares them. */
  readonly vendors: Readonly<Record<string, SiteVendor>>
  /** Where releases of external programs come from, and which. */
  readonly tools?: Readonly<Partial<Record<ProgramName, SiteTool>>>
}

/** What may be fetched, and the digest that it must have. */
export interface SiteManifests {
  readonly manifests: string
  /** SHA-256 of the file at an address. */
  readonly sha256?: string
  /** Takes what is at an address as it is. */
  readonly unchecked?: boolean
}

/** Releases of a program at a site. */
export interface SiteTool {
  /** The address that the names of the files are appended to. */
  readonly base?: string
  /** Another version than the pinned one. */
  readonly version?: string
  /** SHA-256 of the publisher's file, by operating system and processor: `linux-x64`. */
  readonly sha256?: Readonly<Record<string, string>>
  /** Runs a release without anything to check it against. */
  readonly unchecked?: boolean
}

/** Images of the workload and the load generators. */
export interface SiteImages extends Readonly<Record<ImagedToolName, string>> {
  /** An image with sh, cat, gzip and sleep, for copying files. */
  readonly busybox: string
}

/** A folder, an archive or an `oci://` reference; or a chart of a repository. */
export type Chart = string | { readonly repository: string; readonly chart: string }

/** The publisher of a mesh. */
export interface Vendor {
  /** Key in the site file: `istio`, `linkerd`. */
  readonly name: string
  /** Default version. */
  readonly version: string
  /** Prefix of image names. */
  readonly hub: string
  /** Tag of the images, if it differs from the version. */
  readonly tag?: string
  /** Appended to the tag of images that come in variants: `distroless`. Empty for none. */
  readonly variant?: string
  readonly charts: Readonly<Record<string, Chart>>
  /** Helm values by the chart's key, which override the mesh's; `*` is for every chart. */
  readonly values?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** Manifests that are applied after the control plane: files or folders. */
  readonly manifests?: readonly string[]
}

export type SiteVendor = Partial<Omit<Vendor, 'name'>>

/** External programs that meshbench runs. */
export const PROGRAMS = ['kind', 'helm', ...TOOLS, 'envoy'] as const
export type ProgramName = (typeof PROGRAMS)[number]

/** A program that was found or fetched. */
export interface Program {
  readonly name: ProgramName
  readonly path: string
  readonly provenance: ToolProvenance
}
