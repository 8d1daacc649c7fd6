import type { webcrypto } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Credentials } from './envoy/parts.ts'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const DAY = 86_400_000

/** The name that a proxy is known by: what its peers check. */
export function spiffeId(identity: string): string {
  return `spiffe://meshbench.local/${identity}`
}

/** One certificate for each identity, under an authority made for this run; the authority's key is never written. */
export async function issueCertificates(
  identities: readonly string[],
  dir: string,
): Promise<ReadonlyMap<string, Credentials>> {
  const authority = await makeAuthority()
  const authorityFile = join(dir, 'authority.pem')
  await writeFile(authorityFile, authority.pem, { mode: 0o600 })
  const issued = identities.map(async (identity): Promise<[string, Credentials]> => {
    const leaf = await authority.issue(spiffeId(identity))
    const files = { certificate: join(dir, `${identity}.pem`), key: join(dir, `${identity}.key`) }
    await writeFile(files.certificate, leaf.certificate, { mode: 0o600 })
    await writeFile(files.key, leaf.key, { mode: 0o600 })
    return [identity, { ...files, authority: authorityFile }]
  })
  return new Map(await Promise.all(issued))
}

/** Dates reach from a day ago, for clocks that differ, to longer than a run lasts. */
const validity = () => ({ notBefore: new Date(Date.now() - DAY), notAfter: new Date(Date.now() + 30 * DAY) })

async function makeAuthority() {
  const x509 = await loadX509()
  const keys = await makeKeys()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(),
    name: 'CN=meshbench run authority',
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  const issue = async (id: string) => {
    const leafKeys = await makeKeys()
    const leaf = await x509.X509CertificateGenerator.create({
      ...validity(),
      subject: 'O=meshbench',
      issuer: certificate.subject,
      publicKey: leafKeys.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
        new x509.SubjectAlternativeNameExtension([{ type: 'url', value: id }]),
        await x509.AuthorityKeyIdentifierExtension.create(certificate),
      ],
    })
    const key = await crypto.subtle.exportKey('pkcs8', leafKeys.privateKey)
    return { certificate: leaf.toString('pem'), key: x509.PemConverter.encode(key, 'PRIVATE KEY') }
  }
  return { pem: certificate.toString('pem'), issue }
}

async function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
}

/**
 * The container inside x509 will not load where Reflect lacks decorator metadata. Its classes are registered by
 * name and none is built from metadata, so an empty answer is a true one; a real polyfill is left alone.
 */
async function loadX509() {
  for (const name of ['getMetadata', 'getOwnMetadata', 'defineMetadata']) {
    const nothing = { value: () => undefined, configurable: true, writable: true }
    if (!(name in Reflect)) Object.defineProperty(Reflect, name, nothing)
  }
  return await import('@peculiar/x509')
}
