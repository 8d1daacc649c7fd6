/** What holds where a scenario says nothing, as a person would write it. The schema applies these and shows them to editors. */
export const DEFAULTS = {
  profile: 'equalised',
  seed: 1,
  cohorts: 1,
  blocks: 4,
  minEffect: '2%',
  idle: '5s',
  load: {
    tool: 'fortio',
    protocol: 'http',
    connections: 8,
    payload: '1KiB',
    warmup: '2s',
    duration: '10s',
  },
  simulation: {
    latency: '1ms',
    spread: 0.3,
    noise: { trial: 0.03, block: 0.05, cohort: 0.03 },
    drift: 1,
    pace: '0s',
  },
} as const
