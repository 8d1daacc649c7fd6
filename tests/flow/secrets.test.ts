import { globSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { stringify } from 'yaml'
import { testFolder } from '../temporary-folder.ts'
import { meshbench } from './surroundings.ts'

const KEYS = [
  'password adminPassword dbPasswd passphrase pwd secret clientSecret secretKey secretAccessKey token authToken',
  'registry_token bearer-token apiKey api_key accessKey privateKey signingKey encryptionKey credential auth proxyAuth',
  'authorization keyPEM dockerconfigjson sessionCookie connectionString',
]
  .join(' ')
  .split(' ')

/** Forty secrets: by their keys, in lists, trees and variables, and by their own form. */
function plant(): { readonly values: object; readonly secrets: readonly string[] } {
  const secrets: string[] = []
  const secret = (form = (mark: string) => mark) => {
    const mark = `planted${secrets.length}x7Q`
    secrets.push(mark)
    return form(mark)
  }
  const values = {
    ...Object.fromEntries(KEYS.map((key) => [key, secret()])),
    tokens: [secret(), secret()],
    credentials: { user: 'me', value: secret() },
    env: [{ name: 'DB_PASSWORD', value: secret() }],
    args: ['--token', secret(), secret((mark) => `--password=${mark}`)],
    tls: { crt: 'public', key: secret() },
    ca: { key: secret() },
    url: secret((mark) => `https://me:${mark}@charts.internal/`),
    image: { pullPassword: secret() },
    note: secret((mark) => `Authorization: Bearer ${mark}`),
    bundle: secret((mark) => `-----BEGIN PRIVATE KEY-----\n${mark}\n-----END PRIVATE KEY-----`),
    config: secret((mark) => `{"client_secret": "${mark}"}`),
  }
  return { values, secrets }
}

function filesIn(folder: string): string[] {
  return globSync(join(folder, '**')).filter((path) => statSync(path).isFile())
}

function textOf(file: string): string {
  const bytes = readFileSync(file)
  return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
}

it('stores forty planted secrets in no file of the run and shows them on no page, and resumes with them', async () => {
  const { values, secrets } = plant()
  expect(secrets.length).toBeGreaterThanOrEqual(40)
  const cwd = testFolder()
  const scenario = {
    name: 'secrets',
    platform: 'simulated',
    blocks: 3,
    arms: ['none', { name: 'istio', mesh: 'istio-sidecar', values: { values: { istiod: values } } }],
    loads: [{ name: 'http', tool: 'fortio', rate: '100/s', connections: 4, warmup: '1s', duration: '4s' }],
    simulation: { latency: '1ms' },
  }
  writeFileSync(join(cwd, 'secrets.yaml'), stringify(scenario))
  const begun = await meshbench(['run', 'secrets.yaml'], { cwd, abortOn: 'block 2' })
  expect(begun.code, begun.stderr).toBe(130)

  const bare = await meshbench(['run', '--resume'], { cwd })
  expect(bare.code).toBe(2)
  expect(bare.stderr).toContain('the secrets in the values of istio are not stored with the run')
  writeFileSync(
    join(cwd, 'other.yaml'),
    stringify({ ...scenario, arms: ['none', { name: 'istio', mesh: 'istio-sidecar' }] }),
  )
  const other = await meshbench(['run', 'other.yaml', '--resume'], { cwd })
  expect(other.code).toBe(2)
  expect(other.stderr).toContain('are not those of the run')

  const resumed = await meshbench(['run', 'secrets.yaml', '--resume'], { cwd })
  expect(resumed).toMatchObject({ code: 0 })
  const files = filesIn(join(cwd, 'results'))
  expect(files.some((file) => file.endsWith('report.html'))).toBe(true)
  expect(files.some((file) => file.endsWith('.gz'))).toBe(true)
  const texts = [
    ...files.map((file) => [file, textOf(file)] as const),
    ['stdout', resumed.stdout],
    ['stderr', resumed.stderr],
  ]
  const found = texts.flatMap(([name, text]) =>
    secrets.filter((secret) => text?.includes(secret)).map((secret) => `${secret} in ${name}`),
  )
  expect(found).toEqual([])
})
