import { createSign, generateKeyPairSync } from 'node:crypto'
import { type Probe, statusWords, type Where, withStatus } from '../feature-probe.ts'
import { type At, authorizationPolicy, NEEDS_L7, requestAuthentication } from './vendor-objects.ts'

const REQUESTS = 3
const ISSUER = 'probe.meshbench.invalid'
const KEY = 'probe'

const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A token of the issuer that never expires, signed by a key; of no use anywhere else, since the keys are made for this process. */
function tokenBy(key: ReturnType<typeof generateKeyPairSync>['privateKey']): string {
  const text = `${base64({ alg: 'RS256', kid: KEY, typ: 'JWT' })}.${base64({ iss: ISSUER, sub: 'probe' })}`
  return `${text}.${createSign('RSA-SHA256').update(text).sign(key, 'base64url')}`
}

const keys = () => generateKeyPairSync('rsa', { modulusLength: 2048 })
type Keys = ReturnType<typeof keys>
let own: Keys | undefined
let forged: Keys | undefined

function byToken(at: At) {
  return {
    objects: (where: Where) => {
      own ??= keys()
      const jwk = { ...own.publicKey.export({ format: 'jwk' }), kid: KEY, alg: 'RS256', use: 'sig' }
      const jwtRules = [{ issuer: ISSUER, jwks: JSON.stringify({ keys: [jwk] }) }]
      const rules = [{ from: [{ source: { requestPrincipals: [`${ISSUER}/probe`] } }] }]
      return [requestAuthentication(where, at, jwtRules), authorizationPolicy(where, at, rules)]
    },
  }
}

export const jsonWebToken: Probe = {
  name: 'json-web-token',
  title: 'JSON Web Tokens',
  group: 'security',
  asks: 'Can requests without a valid token of an issuer be refused?',
  means: {
    ...NEEDS_L7,
    'istio-sidecar': byToken('workload'),
    'istio-ambient-waypoint': byToken('service'),
    linkerd: {
      unsupported: 'Its policies know identities of the mesh and networks, and no tokens.',
      source: 'https://linkerd.io/2/reference/authorization-policy/',
    },
  },
  async shows(bench) {
    own ??= keys()
    forged ??= keys()
    const ask = (headers: Readonly<Record<string, string>>) => bench.ask({ from: 'client', headers, count: REQUESTS })
    const valid = await ask({ authorization: `Bearer ${tokenBy(own.privateKey)}` })
    const wrong = await ask({ authorization: `Bearer ${tokenBy(forged.privateKey)}` })
    const without = await ask({})
    return {
      holds: withStatus(valid, 200) === REQUESTS && withStatus(wrong, 200) === 0 && withStatus(without, 200) === 0,
      seen: `with a token ${statusWords(valid)}; with a forged one ${statusWords(wrong)}; without ${statusWords(without)}`,
    }
  },
}
