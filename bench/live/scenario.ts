/**
 * What the server takes by itself. Its timer counts whole milliseconds when it is idle (Go sleeps in epoll), so delays are whole
 * ones, and there is room below a tenth of this for a true twentieth. Long against what two shared cores add by chance.
 */
export const BASE = 0.019

export interface LiveRun {
  readonly name: string
  /** Seconds that the candidate's server answers later than its reference's. */
  readonly later: number
  readonly blocks: number
  readonly seconds: number
}

/** The same architecture twice, a pair of real Envoys with mutual TLS; whatever differs is chance, or was injected. */
export function scenarioText({ name, later, blocks, seconds }: LiveRun): string {
  const arm = (arm: string, delay: number) =>
    `  - { name: ${arm}, mesh: envoy-sidecar, inject: { delay: ${Math.round(delay * 1000)}ms } }`
  return [
    `name: ${name}`,
    'platform: local',
    'arms:',
    arm('sidecar-ref', BASE),
    arm('sidecar', BASE + later),
    'loads:',
    `  - { name: http, rate: 400/s, connections: 16, payload: 1KiB, warmup: 1s, duration: ${seconds}s }`,
    `blocks: ${blocks}`,
    '',
  ].join('\n')
}
