import { unixNanos } from './instant.ts'
import type { Iteration } from './k6-schedule.ts'
import type { K6Script } from './k6-script.ts'

/** Tags that k6 writes as columns unless told otherwise. */
const SYSTEM_TAGS =
  'check,error,error_code,expected_response,group,method,name,proto,scenario,service,status,subproto,tls_version,url'

/** Stand in a template for the time of a sample, in microseconds, and for the duration of its request, in milliseconds. */
const TIME = '\u0001'
const MILLIS = '\u0002'

/** Bytes of a request and of its answer without their bodies. */
const HEAD = { sent: 71, received: 75 }

/**
 * `k6 run --out csv=…` with microseconds as its time format: one line per sample, in the order in which they were taken.
 * The first line is our script's own: when its virtual users were made, here the start of the run.
 */
export function k6Csv(iterations: readonly Iteration[], script: K6Script, start: number): string {
  const columns = (script.systemTags ?? SYSTEM_TAGS).split(',').toSorted()
  const templates = new Map(script.scenarios.map(({ name }) => [name, templatesOf(name, columns, script)]))
  const inOrder = iterations.toSorted((a, b) => (a.answeredAt ?? a.sentAt) - (b.answeredAt ?? b.sentAt))
  const micros = (offset: number) => unixNanos(start, offset).slice(0, -3)
  const lines = inOrder.map(({ scenario, sentAt, answeredAt, ok }) => {
    const template = templates.get(scenario)
    if (answeredAt === undefined) return template?.dropped.replace(TIME, micros(sentAt))
    const millis = (1000 * (answeredAt - sentAt)).toFixed(6)
    return template?.[ok ? 'ok' : 'failed'].replaceAll(TIME, micros(answeredAt)).replaceAll(MILLIS, millis)
  })
  const header = `metric_name,timestamp,metric_value,${columns.join(',')},extra_tags,metadata\n`
  const made = `vu_made,${micros(0)},${start * 1000}.000000,${columns.map(() => '').join(',')},,\n`
  return `${header}${made}${lines.join('')}`
}

/** The lines of an iteration that was dropped, of one that got an answer, and of one that got an error. */
function templatesOf(scenario: string, columns: readonly string[], { url, payload }: K6Script) {
  const row = (tags: Readonly<Record<string, string>>) => `${columns.map((tag) => tags[tag] ?? '').join(',')},,\n`
  const line = (metric: string, value: string, tags: string) => `${metric},${TIME},${value},${tags}`
  const own = row({ scenario })
  const iteration = [
    line('data_sent', `${HEAD.sent + payload}.000000`, own),
    line('data_received', `${HEAD.received + payload}.000000`, own),
    line('iteration_duration', MILLIS, own),
    line('iterations', '1.000000', own),
  ].join('')
  const request = (failed: number, about: Readonly<Record<string, string>>) => {
    const tags = row({ name: url, url, proto: 'HTTP/1.1', scenario, ...about })
    const zeros = (names: readonly string[]) => names.map((name) => line(`http_req_${name}`, '0.000000', tags)).join('')
    return [
      line('http_reqs', '1.000000', tags),
      line('http_req_duration', MILLIS, tags),
      zeros(['blocked', 'connecting', 'tls_handshaking', 'sending']),
      line('http_req_waiting', MILLIS, tags),
      zeros(['receiving']),
      line('http_req_failed', `${failed}.000000`, tags),
    ].join('')
  }
  return {
    dropped: line('dropped_iterations', '1.000000', own),
    ok: request(0, { expected_response: 'true', status: '200' }) + iteration,
    failed: request(1, { expected_response: 'false', status: '503', error_code: '1503' }) + iteration,
  }
}
