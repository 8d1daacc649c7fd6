import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeAuthority } from '../../host/authority.ts'
import type { Credentials } from './envoy/parts.ts'

/** The name that a proxy is known by: what its peers check. */
export function spiffeId(identity: string): string {
  return `spiffe://meshbench.local/${identity}`
}

/** One certificate for each identity, under an authority made for this run; the authority's key is never written. */
export async function issueCertificates(
  identities: readonly string[],
  dir: string,
): Promise<ReadonlyMap<string, Credentials>> {
  const authority = await makeAuthority({ name: 'meshbench run authority', depth: 0 })
  const authorityFile = join(dir, 'authority.pem')
  await writeFile(authorityFile, authority.pem, { mode: 0o600 })
  const issued = identities.map(async (identity): Promise<[string, Credentials]> => {
    const leaf = await authority.leaf(spiffeId(identity))
    const files = { certificate: join(dir, `${identity}.pem`), key: join(dir, `${identity}.key`) }
    await writeFile(files.certificate, leaf.certificate, { mode: 0o600 })
    await writeFile(files.key, leaf.key, { mode: 0o600 })
    return [identity, { ...files, authority: authorityFile }]
  })
  return new Map(await Promise.all(issued))
}
