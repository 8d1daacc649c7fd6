import { parseDuration, type Seconds } from '../../model/units.ts'

/** What the simulation reads of a command line of `fortio load`. */
export interface FortioFlags {
  readonly url: string
  /** 0: as fast as answers come. */
  readonly qps: number
  readonly seconds: Seconds
  readonly connections: number
  readonly payload: number
  readonly resolution: Seconds
  readonly percentiles: readonly number[]
  readonly timeout: Seconds
  readonly labels: string
  readonly json?: string
  readonly accessLog?: string
  readonly uniform: boolean
  readonly grpc: boolean
  readonly http2: boolean
}

/** Go's flags that take no value of their own; all others do. */
const SWITCHES = new Set([
  ...[
    'uniform',
    'nocatchup',
    'jitter',
    'grpc',
    'ping',
    'h2',
    'stdclient',
    'http1.0',
    'keepalive',
    'compression',
    'httpccch',
  ],
  ...['logger-no-color', 'log-errors', 'sequential-warmup', 'allow-initial-errors', 'quiet', 'k', 'L', 'no-reresolve'],
  ...['a', 'gomaxprocs-auto', 'health', 'healthservice', 'http-rawheaders'],
])

export function fortioFlags(argv: readonly string[]): FortioFlags {
  const { flags, rest } = split(argv)
  const text = (name: string, otherwise: string) => flags.get(name) ?? otherwise
  const on = (name: string) => text(name, 'false') === 'true'
  const seconds = (name: string, otherwise: string) => parseDuration(text(name, otherwise)) ?? 0
  const json = flags.get('json')
  const accessLog = flags.get('access-log-file')
  return {
    url: rest.at(-1) ?? '',
    qps: Math.max(0, Number(text('qps', '8'))),
    seconds: seconds('t', '5s'),
    connections: Number(text('c', '4')),
    payload: Number(text('payload-size', '0')),
    resolution: Number(text('r', '0.001')),
    percentiles: text('p', '50,75,90,99,99.9').split(',').map(Number),
    timeout: seconds('timeout', '3s'),
    labels: text('labels', ''),
    ...(json === undefined ? {} : { json }),
    ...(accessLog === undefined ? {} : { accessLog }),
    uniform: on('uniform'),
    grpc: on('grpc'),
    http2: on('h2'),
  }
}

function split(argv: readonly string[]) {
  const flags = new Map<string, string>()
  const rest: string[] = []
  for (let index = 0; index < argv.length; index++) {
    const [, name, value] = /^--?([^=]+)(?:=(.*))?$/s.exec(argv[index] ?? '') ?? []
    if (name === undefined) rest.push(argv[index] ?? '')
    else flags.set(name, value ?? (SWITCHES.has(name) ? 'true' : (argv[++index] ?? '')))
  }
  return { flags, rest }
}
