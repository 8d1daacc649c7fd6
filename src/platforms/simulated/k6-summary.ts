import type { Iteration } from './k6-schedule.ts'

/** What `handleSummary` is given, in milliseconds and over the whole run, as k6 1.8 makes it. */
export function k6Summary(iterations: readonly Iteration[], users: number, seconds: number): string {
  const answered = iterations.flatMap(({ sentAt, answeredAt, ok }) =>
    answeredAt === undefined ? [] : [{ millis: 1000 * (answeredAt - sentAt), ok }],
  )
  const dropped = iterations.length - answered.length
  const failed = answered.filter(({ ok }) => !ok).length
  const counter = (count: number) => ({
    type: 'counter',
    contains: 'default',
    values: { count, rate: count / seconds },
  })
  const gauge = { type: 'gauge', contains: 'default', values: { value: users, min: users, max: users } }
  const metrics = {
    iterations: counter(answered.length),
    http_reqs: counter(answered.length),
    ...(dropped > 0 && { dropped_iterations: counter(dropped) }),
    http_req_duration: { type: 'trend', contains: 'time', values: trend(answered.map(({ millis }) => millis)) },
    http_req_failed: {
      type: 'rate',
      contains: 'default',
      values: { rate: failed / Math.max(1, answered.length), passes: failed, fails: answered.length - failed },
    },
    vus: gauge,
    vus_max: gauge,
  }
  return JSON.stringify({
    root_group: { name: '', path: '', id: 'd41d8cd98f00b204e9800998ecf8427e', groups: [], checks: [] },
    options: { summaryTrendStats: ['avg', 'min', 'med', 'max', 'p(90)', 'p(95)'], summaryTimeUnit: '', noColor: true },
    state: { isStdOutTTY: false, isStdErrTTY: false, testRunDurationMs: 1000 * seconds },
    metrics,
  })
}

function trend(values: readonly number[]) {
  const sorted = values.toSorted((a, b) => a - b)
  /** Linear between neighbours. */
  const quantile = (q: number) => {
    const place = q * (sorted.length - 1)
    const below = sorted[Math.floor(place)] ?? 0
    return below + (place % 1) * ((sorted[Math.ceil(place)] ?? 0) - below)
  }
  const avg = sorted.reduce((sum, value) => sum + value, 0) / Math.max(1, sorted.length)
  const [min, med, max] = [quantile(0), quantile(0.5), quantile(1)]
  return { avg, min, med, max, 'p(90)': quantile(0.9), 'p(95)': quantile(0.95) }
}
