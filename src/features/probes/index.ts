import type { Probe } from '../feature-probe.ts'
import { authorizationByIdentity, authorizationByRequest, externalAuthorization } from './authorization.ts'
import { circuitBreaking, faultAbort, faultDelay, retries, timeouts } from './failures.ts'
import { jsonWebToken } from './json-web-token.ts'
import { sessionAffinity } from './load-balancing.ts'
import { egressControl, plaintextRefused } from './mesh-boundary.ts'
import { certificateRotation, mutualTlsGrpc, mutualTlsHttp, mutualTlsTcp } from './mutual-tls.ts'
import { extension, ingress, jobs, requestMetrics } from './operation.ts'
import { localRateLimit } from './rate-limit.ts'
import {
  headerModification,
  headerRouting,
  mirroring,
  pathRouting,
  redirect,
  urlRewrite,
  weightedSplit,
} from './routing.ts'
import { accessLog, tracing } from './telemetry.ts'

/** In the order of the matrix. */
export const probes: readonly Probe[] = [
  // First, since Envoy tells connections of raw TCP with and without TLS apart only since its start: those of the other two are none.
  mutualTlsTcp,
  mutualTlsHttp,
  mutualTlsGrpc,
  certificateRotation,
  plaintextRefused,
  authorizationByIdentity,
  authorizationByRequest,
  jsonWebToken,
  externalAuthorization,
  egressControl,
  weightedSplit,
  headerRouting,
  pathRouting,
  headerModification,
  redirect,
  urlRewrite,
  mirroring,
  sessionAffinity,
  ingress,
  timeouts,
  retries,
  circuitBreaking,
  faultAbort,
  faultDelay,
  localRateLimit,
  requestMetrics,
  accessLog,
  tracing,
  jobs,
  extension,
]
