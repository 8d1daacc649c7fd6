import { createPublicKey, createVerify } from 'node:crypto'
import { Failure } from '../../model/failure.ts'
import type { KubernetesObject } from '../../model/mesh.ts'
import type { ProbeAnswer, ProbeLog, ProbeRequest, ProbeSite, RunningArm } from '../../model/platform.ts'
import { PROBE_PROVIDERS } from '../../model/probe-providers.ts'
import type { Observation } from '../../model/usage.ts'
import { random } from '../../stats/random.ts'

/** How a simulated mesh differs from one that does all that it is told. */
export interface Manner {
  /** Traffic goes around it: objects are taken and have no effect, and nothing is encrypted. */
  readonly bypassed?: boolean
  /** Objects of this kind are taken and have no effect. */
  readonly ignores?: string
  /** Objects of this kind are refused. */
  readonly refuses?: string
  /** Why. */
  readonly because?: string
  /** Removing objects has no effect. */
  readonly sticky?: boolean
  /** Seconds until objects have an effect. */
  readonly lag?: number
  /** Clients from outside are served as if they were within. */
  readonly open?: boolean
  readonly unencrypted?: boolean
  /** It reads no requests, and logs connections. */
  readonly layer4?: boolean
  /** Cluster DNS makes no names of IP addresses. */
  readonly nameless?: boolean
}

const OUTSIDE = { namespace: 'bench-outside', address: '10.0.0.9' } as const
/** Below it the servers leave the query alone. */
const DEBUG = '/debug/'

// biome-ignore lint/suspicious/noExplicitAny: objects of Kubernetes have any shape, and what is read of them is what the probes write.
type Json = any

/**
 * A mesh with two versions of a server behind a Service: it answers requests by the objects that were applied, as the
 * documents of Gateway API, Istio and Linkerd say. Its clock advances with requests and waits.
 */
export function simulatedMesh(manner: Manner = {}) {
  const { uniform: draw } = random(1)
  let time = 1_800_000_000
  let applied: { readonly object: KubernetesObject; readonly from: number }[] = []
  const logged: { version: string; path: string }[] = []
  const lines: Record<ProbeLog, string[]> = { proxies: [], spans: [] }
  let encrypted = 0
  let plain = 0
  let tokens = 5
  let filledAt = time
  let failures = 0
  const renewedAt = new Map<string, number>()

  const inForce = (kind: string): Json[] =>
    applied
      .filter(
        ({ object, from }) =>
          object.kind === kind && object.kind !== manner.ignores && !manner.bypassed && from <= time,
      )
      .map(({ object }) => object)
  const specOf = (kind: string): Json => inForce(kind)[0]?.['spec']

  function respond(request: ProbeRequest): ProbeAnswer {
    const started = time
    time += 0.005
    const answer = decide(request)
    time += answer.seconds
    return { ...answer, seconds: time - started }
  }

  const said = (status: number | undefined, more: Partial<ProbeAnswer> = {}): ProbeAnswer => ({
    ...(status !== undefined && { status }),
    headers: {},
    body: '',
    redirects: 0,
    seconds: 0,
    ...more,
  })

  function decide(request: ProbeRequest): ProbeAnswer {
    const isWithin = request.from !== 'outside' || manner.open === true
    if (request.to === 'server') {
      if (isWithin && !manner.unencrypted && !manner.bypassed) encrypted++
      else plain++
      return said(200)
    }
    if (request.to === 'gateway') {
      const routes = inForce('HTTPRoute').filter((one) => one.spec.parentRefs[0].name === 'probe')
      return inForce('Gateway').length > 0 && routes.length > 0 ? routed(request) : said(undefined)
    }
    if (request.to === 'mixed') return mixed()
    if (typeof request.to === 'object') return outside(request.to.host)
    if (isWithin) tell(request)
    const refused = refusal(request, isWithin)
    if (refused) return refused
    if (isLimited()) return said(429)
    const fault = specOf('VirtualService')?.http?.[0]?.fault
    if (fault?.abort) return said(fault.abort.httpStatus)
    const answer = routed(request)
    return fault?.delay ? { ...answer, seconds: answer.seconds + Number.parseFloat(fault.delay.fixedDelay) } : answer
  }

  /** A server outside of the mesh, which hosts with the name of its address lead to. */
  function outside(host: string): ProbeAnswer {
    if (manner.nameless || !host.startsWith(OUTSIDE.address.replaceAll('.', '-'))) return said(undefined)
    if (specOf('Sidecar')?.outboundTrafficPolicy.mode === 'REGISTRY_ONLY') {
      return said(specOf('ServiceEntry')?.hosts.includes(host) ? 200 : 502)
    }
    if (specOf('EgressNetwork')?.trafficPolicy !== 'Deny') return said(200)
    const isRouted = inForce('HTTPRoute').some(({ spec: { parentRefs, hostnames } }) => {
      return parentRefs[0].kind === 'EgressNetwork' && hostnames.includes(host)
    })
    return said(isRouted ? 200 : 403)
  }

  /** What the proxies write about a request, and send. */
  function tell({ path = '/' }: ProbeRequest): void {
    const { accessLogging, tracing } = specOf('Telemetry') ?? {}
    for (const { metadata } of inForce('Pod')) {
      const lifetime = lifetimeOf(metadata.annotations)
      if (lifetime === undefined || time - (renewedAt.get(metadata.name) ?? 0) < lifetime / 2) continue
      lines.proxies.push('info cache generated new workload certificate')
      renewedAt.set(metadata.name, time)
    }
    const isAnnotated = inForce('Pod').some(({ metadata }) => metadata.annotations['config.linkerd.io/access-log'])
    if (accessLogging || isAnnotated) lines.proxies.push(`"GET ${path} HTTP/1.1" 200`)
    if (manner.layer4 && !manner.bypassed) {
      const service = 'dst.service="probe-versions.bench.svc.cluster.local"'
      lines.proxies.push(`info access connection complete ${service} direction="outbound"`)
    }
    const receiver = tracing?.[0].providers[0].name === PROBE_PROVIDERS.spans.name && providers()
    if (receiver) lines.spans.push(`http://probe-versions:8080${path}`)
  }

  /** Whether anybody knows where the providers of the mesh config are. */
  function providers(): boolean {
    return specOf('ServiceEntry')?.hosts.includes(PROBE_PROVIDERS.host) === true
  }

  /** One of two servers, of which one fails until it is left alone. */
  function mixed(): ProbeAnswer {
    const ejects =
      specOf('DestinationRule')?.trafficPolicy.outlierDetection ??
      inForce('Service').some(({ metadata }) => metadata.annotations?.['balancer.linkerd.io/failure-accrual'])
    if (!ejects) failures = 0
    const isSound = (ejects && failures >= 3) || draw() < 0.5
    if (!isSound) failures++
    return said(isSound ? 200 : 500)
  }

  function refusal(request: ProbeRequest, isWithin: boolean): ProbeAnswer | undefined {
    const { path = '/', headers = {} } = request
    const server = specOf('Server')
    if (
      !isWithin &&
      (specOf('PeerAuthentication')?.mtls.mode === 'STRICT' || server?.accessPolicy === 'all-authenticated')
    )
      return said(undefined)
    if (server?.accessPolicy === 'deny') {
      const policy = specOf('AuthorizationPolicy')
      const identities: string[] = specOf('MeshTLSAuthentication')?.identities ?? []
      const isKnown = identities.some((one) => one === '*' || one.startsWith(`${request.from}.`))
      const route = inForce('HTTPRoute').find((one) => one.apiVersion.startsWith('policy.linkerd.io'))
      const isRouted = policy?.targetRef.kind !== 'HTTPRoute' || route?.spec.rules[0].matches[0].path.value === path
      if (!policy || !isKnown || !isRouted) return said(403)
    }
    const jwt = specOf('RequestAuthentication')?.jwtRules[0]
    const token = headers['authorization']?.replace('Bearer ', '')
    const isValid = jwt && token !== undefined && verified(token, jwt.jwks)
    if (jwt && token !== undefined && !isValid) return said(401)
    if (specOf('AuthorizationPolicy')?.action === 'CUSTOM') {
      // A provider that does not answer refuses.
      const status = providers() ? Number(new URL(path, 'http://server').searchParams.get('status') ?? 200) : 403
      return status === 200 ? undefined : said(status)
    }
    const rules: Json[] | undefined = specOf('AuthorizationPolicy')?.rules
    if (!rules) return undefined
    const isAllowed = rules.some(({ from, to }) => {
      const { principals, requestPrincipals } = from?.[0].source ?? {}
      const { paths } = to?.[0].operation ?? {}
      return (
        (!principals || principals.some((one: string) => one.endsWith(`/sa/${request.from}`))) &&
        (!requestPrincipals || isValid) &&
        (!paths || paths.includes(path))
      )
    })
    return isAllowed ? undefined : said(403)
  }

  /** A bucket that is filled every second. */
  function isLimited(): boolean {
    const rate =
      // It is a policy of a Server.
      (specOf('Server') && specOf('HTTPLocalRateLimitPolicy')?.total.requestsPerSecond) ??
      specOf('EnvoyFilter')?.configPatches[0].patch.value.typed_config.value?.token_bucket.max_tokens
    if (rate === undefined) return false
    if (time - filledAt >= 1) [tokens, filledAt] = [rate, time]
    return tokens-- <= 0
  }

  function routed(request: ProbeRequest): ProbeAnswer {
    const { path = '/', headers = {} } = request
    const route = inForce('HTTPRoute').find((one) => one.apiVersion.startsWith('gateway'))
    const annotations = route?.metadata.annotations ?? {}
    const rule: Json = route?.spec.rules.find(({ matches }: Json) => !matches || fits(matches[0], path, headers))
    const filters: Json[] = rule?.filters ?? []
    const filter = (type: string) => filters.find((one) => one.type === type)
    const redirect = filter('RequestRedirect')?.requestRedirect
    if (redirect) return { ...routed({ ...request, path: redirect.path.replaceFullPath }), redirects: 1 }
    const rewrite = filter('URLRewrite')?.urlRewrite.path.replaceFullPath
    const mirror = filter('RequestMirror')?.requestMirror.backendRef.name
    if (mirror) logged.push({ version: mirror.replace('probe-', ''), path })
    const limit = rule?.timeouts?.request ?? annotations['timeout.linkerd.io/request']
    const attempts =
      1 + Number(annotations['retry.linkerd.io/limit'] ?? specOf('VirtualService')?.http?.[0]?.retries?.attempts ?? 0)
    let answer = said(500)
    for (let attempt = 0; attempt < attempts && answer.status === 500; attempt++) {
      const added = filter('RequestHeaderModifier')?.requestHeaderModifier.set[0]
      answer = served(versionFor(rule?.backendRefs, headers), rewrite ?? path, added)
    }
    if (limit !== undefined && answer.seconds > Number.parseInt(limit, 10) / 1000) {
      return said(504, { seconds: Number.parseInt(limit, 10) / 1000 })
    }
    const lua = /add\("([\w-]+)", "(\w+)"\)/.exec(specOf('TrafficExtension')?.lua.inlineCode ?? '')
    if (lua) return { ...answer, headers: { [lua[1] ?? '']: lua[2] ?? '' } }
    const back = filter('ResponseHeaderModifier')?.responseHeaderModifier.set[0]
    return back ? { ...answer, headers: { [back.name]: back.value } } : answer
  }

  function versionFor(backends: Json[] | undefined, headers: Readonly<Record<string, string>>): string {
    const single = backends?.find(({ name }: Json) => name !== 'probe-versions')
    if (backends && single) {
      const whole = backends.reduce((sum, { weight = 1 }) => sum + weight, 0)
      let left = draw() * whole
      for (const { name, weight = 1 } of backends) {
        left -= weight
        if (left < 0) return name.replace('probe-', '')
      }
    }
    const sticky = specOf('DestinationRule')?.trafficPolicy.loadBalancer?.consistentHash.httpHeaderName
    return sticky !== undefined && headers[sticky] !== undefined ? 'v1' : draw() < 0.5 ? 'v1' : 'v2'
  }

  function served(version: string, path: string, added?: Json): ProbeAnswer {
    logged.push({ version, path })
    const query = new URL(path, 'http://server').searchParams
    const asked = path.startsWith(DEBUG) ? undefined : query.get('status')
    const [status = '200', share = '100'] = asked?.split(':') ?? []
    const isFailed = draw() < Number(share) / 100
    const body = `server up on probe-${version} - request from 10.0.0.1\n\nGET ${path} HTTP/1.1\n${added ? `${added.name}: ${added.value}\n` : ''}`
    return said(isFailed ? Number(status) : 200, { body, seconds: Number.parseFloat(query.get('delay') ?? '0') })
  }

  const site: ProbeSite = {
    namespace: 'bench',
    outside: OUTSIDE,
    async apply(objects) {
      const refused = objects.find(({ kind }) => kind === manner.refuses)
      if (refused)
        throw new Failure('apply', `${refused.kind} could not be applied.`, {
          cause: manner.because ?? 'denied by a webhook',
        })
      applied.push(...objects.map((object) => ({ object, from: time + (manner.lag ?? 0) })))
    },
    async remove(objects) {
      if (!manner.sticky) applied = applied.filter(({ object }) => !objects.includes(object))
    },
    ask: async (request) => Array.from({ length: request.count ?? 1 }, () => respond(request)),
    served: async (version, path) => logged.filter((one) => one.version === version && one.path === path).length,
    async job() {
      const [job] = inForce('Job')
      if (!job) return undefined
      const [{ name, command }] = job.spec.template.spec.containers
      logged.push({ version: 'v1', path: new URL(command.at(-1)).pathname })
      return { ended: true, containers: [name], isEnrolled: true }
    },
    logged: async (log, text) => lines[log].filter((line) => line.includes(text)),
    [Symbol.asyncDispose]: async () => {},
  }
  const running: Pick<RunningArm, 'observe' | 'wait'> = {
    wait: async (seconds) => {
      time += seconds
    },
    async observe() {
      const [before, beforePlain] = [encrypted, plain]
      return {
        close: async () => {
          const [more, without] = [encrypted - before, plain - beforePlain]
          const evidence = [
            { name: 'mtls', holds: more > 0 && without === 0, seen: `${more} and ${without}`, source: 'simulation' },
          ]
          const carried = manner.bypassed ? {} : { requests: more + without }
          return { seconds: 1, usage: [], evidence, carried } as Observation
        },
      }
    },
  }
  return { site, running, now: () => time, left: () => applied.length }
}

function fits(match: Json, path: string, headers: Readonly<Record<string, string>>): boolean {
  const { path: wanted, headers: named = [] } = match
  const isPath = !wanted || (wanted.type === 'Exact' ? path === wanted.value : path.startsWith(wanted.value))
  return isPath && named.every(({ name, value }: Json) => headers[name] === value)
}

/** Of certificates, in seconds. */
function lifetimeOf(annotations: Readonly<Record<string, string>>): number | undefined {
  const config: Json = JSON.parse(annotations['proxy.istio.io/config'] ?? '{}')
  const lifetime = config.proxyMetadata?.SECRET_TTL
  return lifetime === undefined ? undefined : Number.parseInt(lifetime, 10)
}

function verified(token: string, jwks: string): boolean {
  const [head, body, signature = ''] = token.split('.')
  const key = createPublicKey({ key: JSON.parse(jwks).keys[0], format: 'jwk' })
  return createVerify('RSA-SHA256').update(`${head}.${body}`).verify(key, signature, 'base64url')
}
