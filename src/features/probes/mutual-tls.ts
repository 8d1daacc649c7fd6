import { ENCRYPTIONS } from '../../model/mesh.ts'
import type { ProbeRequest } from '../../model/platform.ts'
import { type Bench, forMeshes, type Probe, type Shown, statusWords, type Where, withStatus } from '../feature-probe.ts'
import { ALL, annotatedVersions, NEEDS_MESH } from './vendor-objects.ts'

const REQUESTS = 20

/** Mutual TLS of one protocol without any configuration, by the counters of the proxies. */
function mutualTls(protocol: NonNullable<ProbeRequest['protocol']>, title: string): Probe {
  const from = (client: ProbeRequest['from']) => (bench: Bench) =>
    encrypted(bench, { from: client, to: 'server', protocol, count: REQUESTS })
  return {
    name: `mutual-tls-${protocol}`,
    title: `Mutual TLS by default: ${title}`,
    group: 'security',
    asks: `Is ${title} between two pods of the mesh encrypted with identities on both sides, without any configuration?`,
    means: { ...NEEDS_MESH, ...forMeshes(ALL, { byDefault: true } as const) },
    shows: from('client'),
    elsewhere: from('outside'),
  }
}

async function encrypted(bench: Bench, request: ProbeRequest): Promise<Shown> {
  let answered = 0
  let words = ''
  const { evidence } = await bench.observed(async () => {
    const answers = await bench.ask(request)
    answered = withStatus(answers, 200)
    words = statusWords(answers)
  })
  const proof = evidence.find(({ name }) => name === 'mtls')
  const seen = proof === undefined ? 'no counters of proxies' : proof.seen
  return { holds: answered > 0 && proof?.holds === true, seen: `${words}; ${ENCRYPTIONS.mtls.title}: ${seen}` }
}

export const mutualTlsHttp = mutualTls('http', 'HTTP')
export const mutualTlsGrpc = mutualTls('grpc', 'gRPC')
export const mutualTlsTcp = mutualTls('tcp', 'raw TCP')

/** A certificate is renewed at half of its lifetime, so each proxy does it once or twice while these requests go on. */
const RENEWED = { lifetime: '20s', requests: 130, path: '/?delay=0.1s', least: 2 }
const RENEWAL = 'generated new workload certificate'

/** Sidecars of Istio read it when they start; what the installation sets beside it, such as that they build no tunnels, is said again. */
const shortLived = (where: Where) =>
  annotatedVersions(where, {
    'proxy.istio.io/config': JSON.stringify({
      proxyMetadata: { SECRET_TTL: RENEWED.lifetime, ISTIO_META_ENABLE_HBONE: 'false' },
    }),
  })

const OF_INSTALLATION = {
  untried:
    'How long its certificates live is said where it is installed, for all of its proxies; meshbench leaves it as shipped.',
}

export const certificateRotation: Probe = {
  name: 'certificate-rotation',
  title: 'Certificate rotation',
  group: 'security',
  asks: 'Are the certificates of servers renewed while requests go on, without one that is lost?',
  means: {
    ...NEEDS_MESH,
    'istio-sidecar': { objects: shortLived },
    ...forMeshes(['istio-ambient', 'istio-ambient-waypoint', 'linkerd'], OF_INSTALLATION),
  },
  async shows(bench) {
    const renewals = async () => (await bench.logged('proxies', RENEWAL, { lines: 0, within: 0 })).length
    const before = await renewals()
    const answers = await bench.ask({ from: 'client', path: RENEWED.path, count: RENEWED.requests })
    const renewed = (await renewals()) - before
    return {
      holds: withStatus(answers, 200) === RENEWED.requests && renewed >= RENEWED.least,
      seen: `the proxies renewed ${renewed} certificates during ${RENEWED.requests} requests (${statusWords(answers)})`,
    }
  },
}
