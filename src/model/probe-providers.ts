/**
 * What the mesh config names for probes of features, since no object of a namespace can. The host is known to nobody until a probe's own
 * object says where it is: a server outside of the mesh. Ports are those of its containers in `manifests/features.yaml`.
 */
export const PROBE_PROVIDERS = {
  host: 'providers.probe.meshbench.invalid',
  /** A server that answers each question with the status that its query names. Its paths are those of the requests below `prefix`. */
  authorization: { name: 'probe-authorization', port: 8080, prefix: '/decide' },
  /** A receiver of OTLP by HTTP. */
  spans: { name: 'probe-spans', port: 4318, path: '/v1/traces' },
} as const

/** The setting of a mesh that installs them. */
export const PROVIDERS_SETTING = 'extensionProviders'
