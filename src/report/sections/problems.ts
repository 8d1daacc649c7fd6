import type { Analysis, JudgedTrial, Problem } from '../../model/analysis.ts'
import { isOfCluster } from '../../model/failure.ts'
import { count } from '../../model/words.ts'
import { type Fragment, type Html, html } from '../html.ts'

/** Problems of the comparison and trials that are not valid, with cause, effect and remedy. */
export function problems(analysis: Analysis): Html {
  const lost = analysis.trials.filter(({ status }) => status !== 'valid')
  const valid = analysis.trials.filter(({ status }) => status === 'valid')
  const warned = grouped(valid.flatMap((trial) => trial.problems.map((problem) => ({ problem, trials: [trial] }))))
  const { loads } = analysis.record.run.plan.scenario
  const clean = analysis.problems.length + lost.length + warned.length + analysis.missing.length === 0
  return html`<section aria-labelledby="problems"><h2 id="problems">Limits of this comparison</h2>
${clean && analysis.record.unreadable.length === 0 && html`<p>No problems: all planned trials ran and are valid, without warnings.</p>`}
${
  analysis.problems.length > 0 &&
  html`<h3>Whole comparison</h3><ul class="problems">${analysis.problems.map((problem) =>
    item(
      problem,
      placeOf(problem),
      loads.findIndex(({ name }) => name === problem.load),
    ),
  )}</ul>`
}
${lost.length > 0 && html`<h3>Trials that are not valid</h3><ul class="problems">${grouped(lost.flatMap(lostTrial)).map(({ problem, trials }) => item(problem, trialsWords(trials)))}</ul>`}
${warned.length > 0 && html`<h3>Warnings of valid trials</h3><ul class="problems">${warned.map(({ problem, trials }) => item(problem, trialsWords(trials)))}</ul>`}
${analysis.missing.length > 0 && html`<h3>Trials that did not run</h3><p><code>meshbench run --resume</code> runs them.</p>${folded(`${count(analysis.missing.length, 'planned trial')}`, analysis.missing)}`}
${unreadable(analysis)}</section>`
}

function placeOf({ arm, load }: Problem): string {
  return [arm, load].filter((part) => part !== undefined).join(', ')
}

/** `load`: the place of the only load that it is about; scripts hide it while another load is shown. */
function item(problem: Problem, place: Fragment, load = -1): Html {
  return html`<li class="problem ${problem.severity}"${load >= 0 && html` data-of="${load}"`}><div class="rule"><b title="rule ${problem.rule}">${problem.message}</b> <span>${place}</span></div><dl><dt>Cause</dt><dd>${problem.cause}</dd><dt>Effect</dt><dd>${problem.effect}</dd><dt>Remedy</dt><dd>${problem.remedy}</dd></dl></li>`
}

/** Why a trial is not valid. */
function lostTrial(judged: JudgedTrial): Found[] {
  const { outcome } = judged.result
  if (outcome.status !== 'failed') {
    const those = judged.problems.filter(({ severity }) => severity === 'invalid')
    return those.map((problem) => ({ problem, trials: [judged] }))
  }
  const { code, message, cause, remedy } = outcome.failure
  const problem: Problem = {
    rule: code,
    message: isOfCluster({ code }) ? 'The trial failed by its cluster, not by its arm' : 'The trial failed',
    severity: 'invalid',
    cause: cause ? `${message}: ${cause}` : message,
    effect: 'The trial has no measurement, so this arm has no pair in its block.',
    remedy: remedy ?? 'Run it again: meshbench run --resume.',
  }
  return [{ problem, trials: [judged] }]
}

interface Found {
  readonly problem: Problem
  readonly trials: readonly JudgedTrial[]
}

/** By rule, so that the same problem of many trials is listed once. */
function grouped(all: readonly Found[]): Found[] {
  return [...Map.groupBy(all, ({ problem }) => problem.rule).values()].flatMap((group) => {
    const [first] = group
    return first ? [{ problem: first.problem, trials: group.flatMap(({ trials }) => trials) }] : []
  })
}

/** Number of trials up to which they are named without a fold. */
const NAMED = 3

function trialsWords(trials: readonly JudgedTrial[]): Fragment {
  const words = trials.map(({ status, result: { trial } }) => {
    const place = `${trial.arm}, ${trial.load}, block ${trial.block} (${trial.id})`
    return status === 'valid' ? place : `${status}: ${place}`
  })
  if (words.length <= NAMED) return words.join('; ')
  const ids = trials.map(({ result }) => result.trial.id)
  return folded(`${count(ids.length, 'trial')}; the text is of the first`, ids)
}

function folded(title: string, words: readonly string[]): Html {
  return html`<details><summary>${title}</summary>${words.join(', ')}</details>`
}

function unreadable({ record }: Analysis): Fragment {
  return (
    record.unreadable.length > 0 &&
    html`<h3>Files that could not be read</h3><ul>${record.unreadable.map(({ file, reason }) => html`<li><code>${file}</code>: ${reason}</li>`)}</ul>`
  )
}
