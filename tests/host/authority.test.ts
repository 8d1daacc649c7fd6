import { createPrivateKey, X509Certificate } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { makeAuthority } from '../../src/host/authority.ts'

describe('an authority with one below it', async () => {
  const anchor = await makeAuthority({ name: 'root.linkerd.cluster.local', depth: 1 })
  const issuer = await anchor.intermediate('identity.linkerd.cluster.local')
  const [root, middle] = [new X509Certificate(anchor.pem), new X509Certificate(issuer.certificate)]

  it('is an authority that another may stand below', () => {
    expect(root.ca && middle.ca).toBe(true)
    expect(root.subject).toBe('CN=root.linkerd.cluster.local')
    expect(middle.checkIssued(root)).toBe(true)
    expect(middle.verify(root.publicKey)).toBe(true)
  })

  it('gives the key of the one below, of the kind that Linkerd wants', () => {
    const key = createPrivateKey(issuer.key)
    expect(middle.checkPrivateKey(key)).toBe(true)
    expect(key.asymmetricKeyDetails?.namedCurve).toBe('prime256v1')
  })
})
