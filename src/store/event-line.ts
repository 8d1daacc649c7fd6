import type { Event } from '../model/event.ts'

/** An event as a line of the journal: without what stands in run.json and in the trial's own file. */
export function eventLine(event: Event): string {
  return `${JSON.stringify(withoutBulk(event))}\n`
}

function withoutBulk(event: Event): object {
  const { at, type } = event
  switch (event.type) {
    case 'run':
      return { at, type, trials: event.trials, finished: event.finished }
    case 'cohort':
      return { at, type, cohort: event.cohort.cohort, blocks: event.cohort.blocks.map(({ block }) => block) }
    case 'visit': {
      const { arm, trials } = event.visit
      return { at, type, cohort: event.cohort, block: event.block, arm, trials: trials.map(({ id }) => id) }
    }
    case 'installed': {
      const { arm, digest } = event.installation
      return { at, type, arm, digest }
    }
    case 'phase':
      return { at, type, trial: event.trial.id, phase: event.phase, seconds: event.seconds }
    case 'result': {
      const { trial, outcome } = event.result
      const failure = outcome.status === 'failed' ? { failure: outcome.failure } : {}
      return { at, type, trial: trial.id, status: outcome.status, ...failure, raw: event.raw.map(({ name }) => name) }
    }
    default:
      return event
  }
}
