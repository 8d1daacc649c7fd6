import { comparisonRules } from '../../analyse/comparison/index.ts'
import { HOURS_PER_MONTH } from '../../analyse/cost-model.ts'
import { rules } from '../../analyse/rules/index.ts'
import { LEVEL } from '../../model/confidence.ts'
import { MIN_EFFECT } from '../../model/scenario.ts'
import { formatShare } from '../../model/units.ts'
import type { View } from '../data/view.ts'
import { type Html, html } from '../html.ts'
import { table } from '../table.ts'
import { ofRun } from './chart-sections.ts'

/** How figures are computed, with formulas and sources, and the error rates of meshbench. */
export async function method(view: View): Promise<Html> {
  return html`<section aria-labelledby="method"><h2 id="method">Method</h2>
<p>Arms are visited in blocks. Their order is drawn from the seed and balanced for position and predecessor; within a visit, loads are shuffled. One load against one arm in one block is a <b>trial</b>, the unit of replication. A trial gives one value for each metric, read from a histogram with three significant digits. Requests of different trials are never pooled for a figure, and percentiles are never averaged.</p>
<p>Levels, ratios and differences are one estimate: geometric means over trials, paired within blocks. Level + difference = level × ratio, with the level of ${view.baseline.name}. Where an arm lacks blocks of ${view.baseline.name}, its level is adjusted to them if three or more are common. Where a value is 0, all arms have arithmetic means, with a difference instead of a ratio. Curves and quantiles of all requests together are labelled as such; they are not such means.</p>
<p>A ratio is called higher or lower only where its interval excludes 1, and it exceeds both the least effect of the scenario (${formatShare(view.data.run.minEffect ?? MIN_EFFECT)}) and the difference of equal arms in the same run (the A/A pair, if there is one). “No relevant difference” is a ratio below the least effect, or an interval around 1 that stays within 10 % of it. “Within the noise of equal arms” is a ratio that does not exceed the A/A pair. Every other ratio is “too noisy to say”. Intervals cover the variation between blocks and cohorts of this run on this machine, not other machines, versions or workloads.</p>
<p>Trials that break a validity rule stay in the tables with the reason, and are not in any figure.</p>
<details><summary>Words</summary>${table({
    id: 'words',
    caption: 'Words of this page',
    head: ['Word', 'Meaning'].map((content) => ({ content })),
    rows: WORDS.map((row) => [...row]),
  })}</details>
<details><summary>Validity rules</summary>${table({
    id: 'rules',
    caption: 'Rules, and what is true of a run that passes them',
    head: ['Rule', 'Checks', 'What it ensures'].map((content) => ({ content })),
    rows: [...named('each trial', rules), ...named('the comparison', comparisonRules)],
  })}</details>
${table({
  id: 'formulas',
  caption: 'Formulas',
  head: ['Quantity', 'Formula', 'Source'].map((content) => ({ content })),
  rows: FORMULAS.map((row) => [...row]),
})}
<h3>Error rates of meshbench</h3><p>Simulated with the functions that judge real runs (<code>npm run prove</code>).</p>${await ofRun(view, 'errorRates')}</section>`
}

/** The words of the page. Each meaning stands in docs/glossary.md too, which a test compares. */
export const WORDS: readonly (readonly [word: string, meaning: string])[] = [
  [
    'Arm',
    'One of the things that a run compares: a name, a mesh, and optionally its version, values, placement, replicas, idle services, entrance and feature.',
  ],
  ['Baseline', 'The first arm of a scenario. The ratios and differences of a report are to it.'],
  [
    'A/A pair',
    'Two arms that are the same but for their names, such as none and none-again. What they differ by is noise.',
  ],
  ['Cohort', 'All blocks that are measured on one provisioning of the clusters. A run has one or more.'],
  ['Block', 'One pass over all arms in a seeded order. Arms are compared within blocks.'],
  ['Visit', 'One arm within one block: brought up, measured without load, measured under each load, and put down.'],
  [
    'Trial',
    'One load on one arm in one block: the unit of replication, one result file, and one value for each metric.',
  ],
  ['Window', 'The time in which a trial is measured.'],
  ['Idle window', 'The window without load at the start of every visit, in which idle CPU and memory are measured.'],
  [
    'Response time',
    'Time from when a request was due to its answer, as a generator that is never late would have seen it: done − due, where done = max(due, done of the previous on the connection) + service time. In seconds.',
  ],
  ['Service time', 'Time from when a request was actually sent to its answer, in seconds.'],
  [
    'Lateness',
    'How much the load generator’s own delays added to a request: time as sent less response time. It is in neither clock.',
  ],
  [
    'Stall',
    'A moment in which at least half of the connections wait for a request that takes more than ten times the median.',
  ],
  [
    'typical-p99',
    'The p99 of a typical second: the window is cut into slices of a second (longer below 100/s), each has a p99, and the median of these is taken (of an even number the lower of the two in the middle, so that stalls in half of the seconds are not in it). One stall moves it little.',
  ],
  [
    'Level',
    'The mean value of a cell, in the unit of its metric: geometric over trials, arithmetic where a value is 0 or less.',
  ],
  ['Ratio', 'A cell’s level divided by that of the baseline, paired within blocks; 1.1 is +10 %.'],
  ['Interval', `The range that contains the true value in ${Math.round(LEVEL * 100)} of 100 such experiments.`],
  [
    'Robust estimate',
    'The Hodges–Lehmann estimate, which single blocks cannot move far. It is shown where it does not agree with the mean.',
  ],
  [
    'Noise band',
    'How far equal arms of a run differ: the end of the widest interval of its A/A pairs, in either direction. Smaller differences are within noise.',
  ],
  [
    'Least effect',
    'The smallest difference that matters. Smaller ones are called no relevant difference, however certain.',
  ],
  ['Standing', 'What can be said of an arm against the baseline.'],
]

function named(of: string, those: readonly { readonly name: string; readonly title: string }[]): string[][] {
  return those.map(({ name, title }) => [name, of, title])
}

const FORMULAS: readonly (readonly [quantity: string, formula: string, source: string])[] = [
  [
    'Response time',
    'done − due, where done = max(due, done of the previous on the connection) + service time: as with a load generator that is never late; a dropped k6 iteration waits for the next virtual user',
    'Tene, “How NOT to measure latency”',
  ],
  ['Time as sent', 'answer − due', 'response time plus lateness of the load generator'],
  ['Lateness of the load generator', 'time as sent − response time', 'stored separately, and shown for each trial'],
  [
    'Withheld quantile',
    'a request is uncertain if the load generator sent it late by more than 5 ms and 10 % of its response time, if it waited for an answer that was read that late, or if it was not sent; a quantile is withheld if it differs by more than 10 % without and with these requests (not sent: infinite)',
    'bounds of a quantile with missing values',
  ],
  ['Level', 'exp(mean of ln value) over trials; of an arm: level of the baseline × ratio', 'geometric mean'],
  ['Difference', 'level of the baseline × (ratio − 1), with the interval of the ratio', 'the same estimate in units'],
  ['Ratio to the baseline', 'exp(mean of ln(arm ÷ baseline) over the blocks that have both)', 'paired log-ratios'],
  [
    'Its interval, one cohort',
    `exp(mean ± t(${(1 + LEVEL) / 2}, n − 1) · s ÷ √n); on clusters widened by the difference of equal arms`,
    'Student',
  ],
  [
    'Its interval, several cohorts',
    'the cohort is the replicate: random effects of cohort and block; the variance between cohorts is pooled with that of A/A pairs',
    'Kalibera and Jones, “Rigorous benchmarking in reasonable time”, ISMM 2013',
  ],
  [
    'Robust estimate',
    'exp(median of the means of all pairs of log-ratios), exact signed-rank interval',
    'Hodges and Lehmann 1963',
  ],
  [
    'q',
    'p adjusted over all comparisons of the run, but those of pod starts and of metric series',
    'Benjamini and Hochberg 1995',
  ],
  ['Order of arms', 'rows of a Williams square, relabelled by the seed', 'Williams 1949'],
  [
    'Tie',
    'no arm of a group differs from its best arm, paired within blocks, at a level that holds for all pairs',
    'the rule of “higher” and “lower” above, after Bonferroni',
  ],
  [
    'CPU per request',
    '(CPU-seconds in the window under load − idle cores × its seconds) ÷ requests × 10⁶; idle cores are those of the visit’s idle window. It can be below 0 by chance where the load adds less than the scatter of idle CPU',
    'kernel counters of cgroups or processes at the start and end of both windows',
  ],
  [
    'Cost in your cluster',
    `Σ idle use of each part × number of such parts + pods × requests/s × use per request; in dollars ${HOURS_PER_MONTH} h × (cores × price + GiB × price). Its interval is that of the mean over blocks (over cohorts where there are several) of the sum in each trial, which includes correlated errors of the parts`,
    'Student; a crossing by Fieller’s theorem, inverted',
  ],
]
