import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { issueCertificates, spiffeId } from '../../../src/platforms/local/chain.ts'
import { sharedFolder } from '../../temporary-folder.ts'

const dir = sharedFolder()
const issued = await issueCertificates(['client', 'server'], dir)
const read = (path: string | undefined) => readFileSync(path ?? '', 'utf8')

describe.each(['client', 'server'])('certificate of %s', (identity) => {
  const files = issued.get(identity)
  const leaf = new X509Certificate(read(files?.certificate))
  const authority = new X509Certificate(read(files?.authority))
  const key = createPrivateKey(read(files?.key))

  it("is signed by the run's authority, and is no authority itself", () => {
    expect(leaf.verify(authority.publicKey)).toBe(true)
    expect(leaf.checkIssued(authority)).toBe(true)
    expect(authority.ca).toBe(true)
    expect(leaf.ca).toBe(false)
  })

  it('bears its SPIFFE id and nothing else', () => {
    expect(leaf.subjectAltName).toBe(`URI:${spiffeId(identity)}`)
  })

  it('belongs to its key: ECDSA, P-256', () => {
    expect(leaf.checkPrivateKey(key)).toBe(true)
    expect(key.asymmetricKeyType).toBe('ec')
    expect(key.asymmetricKeyDetails?.namedCurve).toBe('prime256v1')
  })

  it('holds for a run, and not for long', () => {
    const days = (leaf.validToDate.getTime() - leaf.validFromDate.getTime()) / 86_400_000
    expect(days).toBeCloseTo(31, 0)
  })
})

it('keeps every file to its owner, and the key of the authority to nobody', () => {
  const files = readdirSync(dir)
  expect(files.toSorted()).toEqual(['authority.pem', 'client.key', 'client.pem', 'server.key', 'server.pem'])
  for (const file of files) expect(statSync(join(dir, file)).mode & 0o777, file).toBe(0o600)
})

it('makes another authority for another run', async () => {
  const first = new X509Certificate(read(issued.get('client')?.certificate))
  const again = await issueCertificates(['client'], dir)
  const second = new X509Certificate(read(again.get('client')?.authority))
  expect(first.verify(second.publicKey)).toBe(false)
})
