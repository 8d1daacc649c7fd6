import type { webcrypto } from 'node:crypto'
import type * as X509 from '@peculiar/x509'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const DAY = 86_400_000

/** Dates reach from a day ago, for clocks that differ, to longer than a run lasts. */
const validity = () => ({ notBefore: new Date(Date.now() - DAY), notAfter: new Date(Date.now() + 30 * DAY) })

/** A certificate and its key, both PEM; the key is PKCS #8. */
interface KeyPair {
  readonly certificate: string
  readonly key: string
}

/** Signs what a run needs. Its own key is never handed out. */
interface Authority {
  readonly pem: string
  /** For a workload that is known by this SPIFFE id. */
  leaf(id: string): Promise<KeyPair>
  /** An authority under this one, which signs leaves only. */
  intermediate(name: string): Promise<KeyPair>
}

/** @param depth how many authorities may stand below this one */
export async function makeAuthority({ name, depth }: { name: string; depth: number }): Promise<Authority> {
  const x509 = await loadX509()
  const keys = await makeKeys()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(),
    name: `CN=${name}`,
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, depth, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  const issue = async (subject: string, extensions: X509.Extension[]): Promise<KeyPair> => {
    const own = await makeKeys()
    const issued = await x509.X509CertificateGenerator.create({
      ...validity(),
      subject,
      issuer: certificate.subject,
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: ALGORITHM,
      extensions: [...extensions, await x509.AuthorityKeyIdentifierExtension.create(certificate)],
    })
    const key = await crypto.subtle.exportKey('pkcs8', own.privateKey)
    return { certificate: issued.toString('pem'), key: x509.PemConverter.encode(key, 'PRIVATE KEY') }
  }
  return {
    pem: certificate.toString('pem'),
    leaf: (id) =>
      issue('O=meshbench', [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
        new x509.SubjectAlternativeNameExtension([{ type: 'url', value: id }]),
      ]),
    intermediate: (name) =>
      issue(`CN=${name}`, [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }]),
      ]),
  }
}

async function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
}

/**
 * The container inside x509 will not load where Reflect lacks decorator metadata. Its classes are registered by
 * name and none is built from metadata, so an empty answer is a true one; a real polyfill is left alone.
 */
async function loadX509(): Promise<typeof X509> {
  for (const name of ['getMetadata', 'getOwnMetadata', 'defineMetadata']) {
    const nothing = { value: () => undefined, configurable: true, writable: true }
    if (!(name in Reflect)) Object.defineProperty(Reflect, name, nothing)
  }
  return await import('@peculiar/x509')
}
