import { globSync, readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { REDACTED, redact, redactText } from '../../src/model/secrets.ts'
import { redactStream } from '../../src/store/run-writer.ts'

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

const FORMS: readonly [text: string, secret: string][] = [
  ['https://me:S3CRET@charts.internal/istio', 'S3CRET'],
  ['ssh://me:S3CRET@far.example', 'S3CRET'],
  ['GET https://S3CRET@charts.internal/a failed', 'S3CRET'],
  ['http://me:S3@CRET@proxy.internal:3128/', 'CRET'],
  ['helm registry login --password=S3CRET --username me', 'S3CRET'],
  ['helm registry login --password S3CRET', 'S3CRET'],
  ['curl -H "Authorization: Bearer S3CRET-0123456789"', 'S3CRET'],
  ['authorization: Basic bWU6UzNDUkVU', 'bWU6UzNDUkVU'],
  ['DB_PASSWORD=S3CRET ./start', 'S3CRET'],
  ["export API_KEY='S3 CRET'", 'S3 CRET'],
  ['GET /a?access_token=S3CRET&b=1', 'S3CRET'],
  ['{"clientSecret": "S3\\"CRET"}', 'CRET'],
  ["{'token':'S3CRET'}", 'S3CRET'],
  ['password: S3CRET', 'S3CRET'],
  ['secretAccessKey: wJalrXUtnFEMI/K7MDENG', 'wJalr'],
  ['ghp_0123456789abcdefghijABCDEFGHIJ0123', 'ghp_'],
  ['glpat-0123456789abcdefghij', 'glpat'],
  ['AKIAIOSFODNN7EXAMPLE', 'AKIA'],
  ['a eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl b', 'eyJ'],
  ['-----BEGIN RSA PRIVATE KEY-----\nS3CRET\n-----END RSA PRIVATE KEY-----', 'S3CRET'],
  ['-----BEGIN PRIVATE KEY-----\nS3CRET without an end', 'S3CRET'],
  [btoa('-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIS3CRET\n-----END EC PRIVATE KEY-----'), 'k1IY0NBUUVFSVMzQ1JFVA'],
]

it.each(FORMS)('finds the secret by its form: %s', (text, secret) => {
  expect(text).toContain(secret)
  const bare = redactText(text)
  expect(bare).not.toContain(secret)
  expect(bare).toContain(REDACTED)
  expect(redactText(bare)).toBe(bare)
})

it.each([
  'secrets "istio-ca-secret" not found',
  'the token expired: log in again',
  'password authentication failed for user me',
  'Basic authentication is required',
  'https://charts.internal:8443/a@b?c=d',
  'ssh to 10.0.0.1: connection refused',
  'DOCKER_HOST is ssh://me@far.example',
  'git+ssh://git@far.example:22/a.git',
  'istio.io/tokenAudience: istio-ca',
  'p99 412 µs at 1000/s; author: someone@example.org',
  btoa('-----BEGIN CERTIFICATE-----\nMIIB'),
  '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
  'A'.repeat(5000),
])('leaves text alone that has none: %s', (text) => {
  expect(redactText(text)).toBe(text)
})

it('knows secrets by what their keys contain, in lists and trees too', () => {
  expect(
    redact({
      secretAccessKey: 'a',
      auth: 'b',
      'tls.key': 'c',
      tokens: ['d', 'e'],
      credentials: { user: 'me', pin: 'f', deep: [{ g: 'g' }] },
      dbPassword: 12345,
      argv: ['--token', 'h', '--arms', 'none'],
    }),
  ).toEqual({
    secretAccessKey: REDACTED,
    auth: REDACTED,
    'tls.key': REDACTED,
    tokens: [REDACTED, REDACTED],
    credentials: { user: 'me', pin: REDACTED, deep: [{ g: REDACTED }] },
    dbPassword: REDACTED,
    argv: ['--token', REDACTED, '--arms', 'none'],
  })
})

it('leaves the names, places and limits of secrets', () => {
  const tree = {
    volumes: [{ secret: { secretName: 'certs', optional: false } }],
    env: [{ name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'a', key: 'token' } } }],
    serviceAccountToken: { path: 'token', audience: 'istio-ca', expirationSeconds: 3600 },
    token_bucket: { max_tokens: 5, tokens_per_fill: 5, fill_interval: '1s' },
    author: 'me',
    authority: 'server:8080',
    defaultAuthorizationPolicy: 'all-unauthenticated',
    resources: ['secrets'],
    kind: 'AuthorizationPolicy',
  }
  expect(redact(tree)).toEqual(tree)
})

it('leaves every shipped result and installation as it is, but for what its writer left out', () => {
  for (const file of globSync('examples/*/{run.json,trials/*.json,arms/*.json}')) {
    const stored: unknown = JSON.parse(readFileSync(file, 'utf8'))
    expect(redact(stored), file).toEqual(stored)
  }
})

it('redacts a stream whatever its chunks are, and leaves other bytes alone', async () => {
  const key = '-----BEGIN PRIVATE KEY-----\nS3CRET\nS3CRET\n-----END PRIVATE KEY-----\n'
  const text = `one\n"token":"S3CRET"\n${key}\xff\x00binary\n${'x'.repeat(3000)}\nlast password=S3CRET`
  for (const size of [1, 7, 64, 10_000]) {
    const chunks: Uint8Array[] = []
    for (let at = 0; at < text.length; at += size) chunks.push(Buffer.from(text.slice(at, at + size), 'latin1'))
    const parts: Uint8Array[] = []
    for await (const part of redactStream(Readable.from(chunks))) parts.push(part)
    const whole = Buffer.concat(parts).toString('latin1')
    expect(whole).not.toContain('S3CRET')
    expect(whole).toContain(`\xff\x00binary\n${'x'.repeat(3000)}\nlast password=`)
  }
})
