import { judgeTrial } from '../analyse/judge-trial.ts'
import type { Event } from '../model/event.ts'
import type { Plan } from '../model/plan.ts'
import { costsOf } from '../plan/costs.ts'
import { eta } from '../plan/eta.ts'
import { emptyLedger, learnCosts, learnedCosts } from '../plan/learn-costs.ts'
import { remaining } from '../plan/remaining.ts'
import { type Progress, progress } from '../ui/progress.ts'
import { styleFor } from '../ui/style.ts'
import type { Surroundings } from './surroundings.ts'

/** Progress on stderr, with the time still ahead learned from the trials of this very run. */
export function watch(plan: Plan, before: ReadonlySet<string>, { stderr, env }: Surroundings): Progress {
  const ahead = remaining(plan, before)
  const finished = new Set<string>()
  const defaults = costsOf(plan.scenario.platform ?? 'local', plan.scenario)
  let ledger = emptyLedger
  const view = progress({
    stream: stderr,
    interactive: Boolean(stderr.isTTY) && !env['CI'] && env['TERM'] !== 'dumb',
    plan,
    style: styleFor(stderr, env),
    ...(env['GITHUB_ACTIONS'] ? { folding: 'github-actions' as const } : {}),
    judge: (result) => judgeTrial(result, plan),
    eta: () => eta(ahead, finished, learnedCosts(ledger, defaults)),
  })
  return {
    show(event: Event) {
      ledger = learnCosts(ledger, event)
      if (event.type === 'result') finished.add(event.result.trial.id)
      view.show(event)
    },
    stop: view.stop,
  }
}
