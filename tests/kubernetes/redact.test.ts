import { expect, it } from 'vitest'
import { REDACTED, redact } from '../../src/kubernetes/install/manifests.ts'

it('leaves secrets out by the names of their keys, and nothing else', () => {
  const values = {
    image: { pullSecret: 'regcred', tag: '1.2', password: '' },
    registry: { user: 'me', password: 'p', authToken: 't', apiKey: 'k' },
    tls: { keyPEM: 'x', crtPEM: 'y', secretName: 'a-secret' },
    automountServiceAccountToken: false,
    imagePullSecrets: ['name'],
  }
  expect(redact(values)).toEqual({
    image: { pullSecret: REDACTED, tag: '1.2', password: '' },
    registry: { user: 'me', password: REDACTED, authToken: REDACTED, apiKey: REDACTED },
    tls: { keyPEM: REDACTED, crtPEM: 'y', secretName: 'a-secret' },
    automountServiceAccountToken: false,
    imagePullSecrets: ['name'],
  })
})

it('leaves out the data of Secrets, keys in any text, and variables named like secrets', () => {
  const key = '-----BEGIN EC PRIVATE KEY-----\nx\n-----END EC PRIVATE KEY-----'
  expect(redact([{ kind: 'Secret', data: { 'tls.crt': 'aaa' }, stringData: { any: 'b' } }])).toEqual([
    { kind: 'Secret', data: { 'tls.crt': REDACTED }, stringData: { any: REDACTED } },
  ])
  expect(redact({ kind: 'ConfigMap', data: { a: key, b: 'b' } })).toEqual({
    kind: 'ConfigMap',
    data: { a: REDACTED, b: 'b' },
  })
  expect(
    redact({
      env: [
        { name: 'DB_PASSWORD', value: 'p' },
        { name: 'LEVEL', value: 'debug' },
      ],
    }),
  ).toEqual({
    env: [
      { name: 'DB_PASSWORD', value: REDACTED },
      { name: 'LEVEL', value: 'debug' },
    ],
  })
})
