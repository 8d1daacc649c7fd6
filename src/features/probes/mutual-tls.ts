import { ENCRYPTIONS } from '../../model/mesh.ts'
import type { ProbeRequest } from '../../model/platform.ts'
import { type Bench, forMeshes, type Probe, type Shown, statusWords, withStatus } from '../feature-probe.ts'
import { ALL, NEEDS_MESH } from './vendor-objects.ts'

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
