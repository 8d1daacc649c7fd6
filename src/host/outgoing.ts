import { BlockList, isIP } from 'node:net'

type Environment = Readonly<Record<string, string | undefined>>

/** A proxy as the environment names it. */
interface Proxy {
  readonly address: URL
  /** The variable that names it. */
  readonly variable: string
}

/**
 * The proxy for an address, by the rules that curl and Go share: lower case before upper case, `ALL_PROXY` where the scheme
 * has none, `NO_PROXY` as hosts, domains, addresses or networks, and loopback never. Undefined where there is none.
 */
export function proxyFor(address: string | URL, env: Environment = process.env): Proxy | undefined {
  const { protocol, hostname, port } = new URL(address)
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase()
  const scheme = protocol.slice(0, -1)
  if (isLoopback(host) || isExempt(host, port || (scheme === 'https' ? '443' : '80'), env)) return undefined
  for (const name of [`${scheme}_proxy`, `${scheme.toUpperCase()}_PROXY`, 'all_proxy', 'ALL_PROXY']) {
    const written = env[name]?.trim()
    if (!written) continue
    const whole = /^[a-z][a-z0-9]*:\/\//i.test(written) ? written : `http://${written}`
    const url = whole.replace(/^socks5h:/i, 'socks5:')
    return URL.canParse(url) ? { address: new URL(url), variable: name } : undefined
  }
  return undefined
}

/** Whether any proxy is named, whatever it is for. */
function namesProxy(env: Environment): boolean {
  return Object.keys(env).some((name) => /^(https?|all)_proxy$/i.test(name) && env[name])
}

/** Of this machine itself: what listens there is never behind a proxy. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

function isExempt(host: string, port: string, env: Environment): boolean {
  const entries = (env['no_proxy'] || env['NO_PROXY'] || '').toLowerCase().split(/[\s,]+/)
  return entries.filter(Boolean).some((entry) => {
    if (entry === '*') return true
    if (entry.includes('/')) return isWithin(host, entry)
    const [, name = entry, only] = /^\[?([^\]]*?)\]?:(\d+)$/.exec(isIP(entry) ? '' : entry) ?? []
    if (only !== undefined && only !== port) return false
    const domain = name.replace(/^\*?\./, '')
    return host === domain || (isIP(host) === 0 && host.endsWith(`.${domain}`))
  })
}

/** Whether an address lies in a network such as `10.0.0.0/8`. */
function isWithin(host: string, network: string): boolean {
  const [base = '', bits = ''] = network.split('/')
  const family = isIP(base) === 6 ? 'ipv6' : 'ipv4'
  if (isIP(base) === 0 || isIP(host) !== isIP(base) || !/^\d{1,3}$/.test(bits)) return false
  if (Number(bits) > (family === 'ipv6' ? 128 : 32)) return false
  const list = new BlockList()
  list.addSubnet(base, Number(bits), family)
  return list.check(host, family)
}

/** The proxy as messages name it, without its user and password: `http://proxy.example.com:3128 (HTTPS_PROXY)`. */
export function proxyName({ address, variable }: Proxy): string {
  return `${address.protocol}//${address.host} (${variable})`
}

/** Why an address is not trusted with what is run or applied; undefined for https, and for this machine itself. */
export function whyInsecure(address: string | URL): string | undefined {
  const { protocol, hostname, host } = new URL(address)
  if (protocol === 'https:' || isLoopback(hostname.replace(/^\[|\]$/g, ''))) return undefined
  return `${protocol}//${host} is not https, so that anybody on the way could change what it answers`
}

const MOST_REDIRECTS = 10

/** What leads on to another address. */
const REDIRECTS = new Set([301, 302, 303, 307, 308])

/**
 * `fetch`, through the proxy that the environment names; each address of a chain of redirects by its own. No redirect leads
 * from https to http.
 */
export async function download(address: string, init: Init, env: Environment = process.env): Promise<Response> {
  let at = address
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const answer = await ask(at, init, env)
    const location = REDIRECTS.has(answer.status) ? answer.headers.get('location') : null
    if (location === null) return answer
    await answer.body?.cancel()
    const next = new URL(location, at)
    const insecure = whyInsecure(at) === undefined ? whyInsecure(next) : undefined
    if (insecure !== undefined) throw new Error(`a redirect is not followed: ${insecure}`)
    at = next.href
  }
  throw new Error(`more than ${MOST_REDIRECTS} redirects`)
}

interface Init {
  readonly method?: 'HEAD'
  readonly signal: AbortSignal
}

async function ask(address: string, init: Init, env: Environment): Promise<Response> {
  const options = { ...init, redirect: 'manual' } as const
  if (!namesProxy(env)) return await fetch(address, options)
  const { Agent, Dispatcher, fetch: fetchBy, ProxyAgent } = await import('undici')
  const direct = new Agent()
  class ByAddress extends Dispatcher {
    override dispatch(options: Parameters<typeof direct.dispatch>[0], handler: Parameters<typeof direct.dispatch>[1]) {
      const proxy = options.origin === undefined ? undefined : proxyFor(options.origin, env)
      const agent = proxy ? new ProxyAgent(proxy.address.href) : direct
      return agent.dispatch(options, handler)
    }
  }
  return (await fetchBy(address, { ...options, dispatcher: new ByAddress() })) as unknown as Response
}

/** Why there is no answer: fetch and ws wrap it, it is in the innermost cause. */
export function connectionReason(error: unknown): string {
  let inner = error
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause
  if (inner instanceof AggregateError) inner = inner.errors[0]
  const message = (inner as { message?: unknown } | null)?.message
  return typeof message === 'string' && message !== '' ? message : String(inner)
}

/** Why nothing came from an address and what to do about it, with the proxy that was or was not used. */
export function downloadTrouble(
  address: string,
  error: unknown,
  env: Environment = process.env,
): { readonly cause: string; readonly remedy: string } {
  const proxy = proxyFor(address, env)
  const reason = connectionReason(error)
  const cause = proxy ? `${reason}, through the proxy ${proxyName(proxy)}` : reason
  return { cause, remedy: remedyFor(reason, proxy, env) }
}

const UNKNOWN_ISSUER =
  /self[- ]signed certificate|unable to (get|verify).*(issuer|leaf|first) |UNABLE_TO_|CERT_UNTRUSTED|unknown authority/i

function remedyFor(reason: string, proxy: Proxy | undefined, env: Environment): string {
  if (/ is not https, so /.test(reason)) return 'Name an address that begins with https://, or a file.'
  if (UNKNOWN_ISSUER.test(reason)) {
    return "The certificate is of an authority that Node does not know, as where a proxy opens TLS: name the authority's file in NODE_EXTRA_CA_CERTS, or set NODE_USE_SYSTEM_CA=1 where this system knows it."
  }
  if (proxy && /\b407\b/.test(reason)) {
    return `The proxy asks for a login: write it into ${proxy.variable}, as in http://user:password@${proxy.address.host}.`
  }
  if (proxy)
    return `Check ${proxy.variable}, and whether the proxy lets this host through; NO_PROXY names what goes past it.`
  if (namesProxy(env)) {
    return 'No proxy is used for this address (NO_PROXY, or no variable for its scheme): check NO_PROXY and HTTPS_PROXY.'
  }
  return 'Check the network; behind a proxy, set HTTPS_PROXY and NO_PROXY.'
}
