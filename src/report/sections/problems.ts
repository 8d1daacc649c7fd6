import type { Analysis, JudgedTrial, Problem } from '../../model/analysis.ts'
import { count } from '../../model/words.ts'
import { type Fragment, type Html, html } from '../html.ts'

/** Problems of the comparison and trials that are not valid, with cause, effect and remedy. */
export function problems(analysis: Analysis): Html {
  const lost = analysis.trials.filter(({ status }) => status !== 'valid')
  const warned = groupedWarnings(analysis.trials)
  const clean = analysis.problems.length + lost.length + warned.length + analysis.missing.length === 0
  return html`<section aria-labelledby="problems"><h2 id="problems">Limits of this comparison</h2>
${clean && analysis.record.unreadable.length === 0 && html`<p>No problems: all planned trials ran and are valid, without warnings.</p>`}
${analysis.problems.length > 0 && html`<h3>Whole comparison</h3><ul class="problems">${analysis.problems.map((problem) => item(problem, placeOf(problem)))}</ul>`}
${lost.length > 0 && html`<h3>Trials that are not valid</h3><ul class="problems">${lost.map(lostTrial)}</ul>`}
${warned.length > 0 && html`<h3>Warnings of valid trials</h3><ul class="problems">${warned.map(({ problem, trials }) => item(problem, trialsWords(trials)))}</ul>`}
${analysis.missing.length > 0 && html`<h3>Trials that did not run</h3><p>${count(analysis.missing.length, 'planned trial')}: <code>${analysis.missing.slice(0, 12).join(', ')}</code>${analysis.missing.length > 12 && ` and ${analysis.missing.length - 12} more`}. <code>meshbench run --resume</code> runs them.</p>`}
${unreadable(analysis)}</section>`
}

function placeOf({ arm, load }: Problem): string {
  return [arm, load].filter((part) => part !== undefined).join(', ')
}

function item(problem: Problem, place: Fragment): Html {
  return html`<li class="problem ${problem.severity}"><p class="rule"><b title="rule ${problem.rule}">${problem.message}</b> <span>${place}</span></p><dl><dt>Cause</dt><dd>${problem.cause}</dd><dt>Effect</dt><dd>${problem.effect}</dd><dt>Remedy</dt><dd>${problem.remedy}</dd></dl></li>`
}

function lostTrial({ result: { trial, outcome }, status, problems: found }: JudgedTrial): Html {
  const place = `${trial.arm}, ${trial.load}, block ${trial.block} (${trial.id})`
  if (outcome.status === 'failed') {
    const { code, message, cause, remedy } = outcome.failure
    return item(
      {
        rule: code,
        message: 'The trial failed',
        severity: 'invalid',
        cause: cause ? `${message}: ${cause}` : message,
        effect: 'The trial has no measurement, so this arm has no pair in its block.',
        remedy: remedy ?? 'Run it again: meshbench run --resume.',
      },
      place,
    )
  }
  return html`${found.filter(({ severity }) => severity === 'invalid').map((problem) => item(problem, `${status}: ${place}`))}`
}

interface Warned {
  readonly problem: Problem
  readonly trials: readonly JudgedTrial[]
}

/** Groups warnings by rule, so that the same warning of many trials is listed once. */
function groupedWarnings(trials: readonly JudgedTrial[]): Warned[] {
  const groups = new Map<string, { problem: Problem; trials: JudgedTrial[] }>()
  for (const trial of trials.filter(({ status }) => status === 'valid')) {
    for (const problem of trial.problems) {
      const group = groups.get(problem.rule) ?? { problem, trials: [] }
      group.trials.push(trial)
      groups.set(problem.rule, group)
    }
  }
  return [...groups.values()]
}

function trialsWords(trials: readonly JudgedTrial[]): string {
  const shown = trials.slice(0, 4).map(({ result }) => result.trial.id)
  const rest = trials.length - shown.length
  return `${count(trials.length, 'trial')}: ${shown.join(', ')}${rest > 0 ? ` and ${rest} more; text of the first` : ''}`
}

function unreadable({ record }: Analysis): Fragment {
  return (
    record.unreadable.length > 0 &&
    html`<h3>Files that could not be read</h3><ul>${record.unreadable.map(({ file, reason }) => html`<li><code>${file}</code>: ${reason}</li>`)}</ul>`
  )
}
