import type { HistoryEntry } from '../../src/model/history.ts'

export const entry = (run: string, arm = 'none'): HistoryEntry => ({
  schema: 1,
  run,
  startedAt: '2026-01-01T00:00:00.000Z',
  scenario: 'night',
  platform: 'kind',
  profile: 'equalised',
  machine: 'x',
  arm,
  mesh: 'none',
  baseline: 'none',
  load: 'http',
  asked: 'rate 500',
  versions: { meshbench: '1' },
  validTrials: 10,
  plannedTrials: 10,
  metrics: { p50: { unit: 'seconds', better: 'lower', level: { center: 0.001, lo: 0.0009, hi: 0.0011, n: 10 } } },
})
