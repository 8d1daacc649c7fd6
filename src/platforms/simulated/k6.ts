import type { Command } from '../../model/platform.ts'
import { k6Csv } from './k6-csv.ts'
import { k6Schedule } from './k6-schedule.ts'
import { k6Script } from './k6-script.ts'
import { k6Summary } from './k6-summary.ts'
import { type LoadOutcome, startOf } from './outcome.ts'
import { server } from './server.ts'
import type { Subject } from './subject.ts'

/** Runs `k6 run` against the simulated server: CSV samples and summary. The last scenario is the measured one. */
export function runK6(command: Command, subject: Subject): LoadOutcome {
  const script = k6Script(command)
  const main = script.scenarios.at(-1)
  if (!main) throw new TypeError('the script has no scenario')
  const behind = server(subject, main.users)
  const iterations = script.scenarios.flatMap((scenario) => k6Schedule(scenario, behind, main.startTime))
  const start = startOf(subject)
  const last = iterations.reduce((latest, { answeredAt = 0 }) => Math.max(latest, answeredAt), 0)
  const seconds = Math.max(last, main.startTime + main.duration)
  const files = new Map<string, string>()
  if (script.csv !== undefined) files.set(script.csv, k6Csv(iterations, script, start))
  if (script.summary !== undefined) files.set(script.summary, k6Summary(iterations, main.users, seconds))
  return {
    exitCode: 0,
    stdout: '',
    stderr: iterations.some(({ answeredAt }) => answeredAt === undefined) ? insufficient(main.users, start) : '',
    files,
    seconds,
    window: seconds - main.startTime,
    requests: iterations.filter(({ scenario, answeredAt }) => scenario === main.name && answeredAt !== undefined)
      .length,
    connections: main.users,
  }
}

function insufficient(users: number, start: number): string {
  const msg = `Insufficient VUs, reached ${users} active VUs and cannot initialize more`
  const time = new Date(start * 1000).toISOString()
  return `${JSON.stringify({ executor: 'constant-arrival-rate', level: 'warning', msg, scenario: 'main', time })}\n`
}
