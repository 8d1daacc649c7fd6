import { comparisonRules } from '../../analyse/comparison/index.ts'
import { HOURS_PER_MONTH } from '../../analyse/cost-model.ts'
import { rules } from '../../analyse/rules/index.ts'
import { MIN_EFFECT } from '../../model/scenario.ts'
import { formatShare } from '../../model/units.ts'
import type { View } from '../data/view.ts'
import { type Html, html } from '../html.ts'
import { table } from '../table.ts'
import { ofRun } from './chart-sections.ts'

/** How figures come about, by which formulas, from where, and how often the harness itself is wrong. */
export async function method(view: View): Promise<Html> {
  return html`<section aria-labelledby="method"><h2 id="method">Method</h2>
<p>Arms are visited in blocks, in an order drawn from the seed and balanced for position and predecessor; within a visit the loads are shuffled. One load against one arm in one block is a <b>trial</b>: the unit of replication. A trial gives one value for each metric, read off a histogram with three significant digits; requests of different trials are never pooled for a figure, and percentiles are never averaged.</p>
<p>Levels, ratios and differences are one estimate: geometric means over trials, paired within blocks. Level + difference = level × ratio, with the level of ${view.baseline.name}. Where an arm lacks blocks of ${view.baseline.name}, its level is adjusted to them. Where a value is 0, the means of all arms are arithmetic, and there is a difference instead of a ratio. Curves and quantiles of all requests together say so, and are no such means.</p>
<p>A ratio is called higher or lower only where its interval leaves out 1 and it lies beyond the least effect of the scenario (${formatShare(view.data.run.minEffect ?? MIN_EFFECT)}) and beyond what identical arms of the same run differ by (the A/A pair, where there is one). “No relevant difference” is a ratio below the least effect, or an interval around 1 that stays within 10 % of it; “within the noise of equal arms” one that is not beyond the A/A pair; every other is “too noisy to say”. Intervals cover what varies between the blocks and cohorts of this run, on this machine: not other machines, versions or workloads.</p>
<p>Trials that break a validity rule stay in the tables with their reason and take no part in any figure.</p>
<details><summary>What is checked</summary>${table({
    id: 'rules',
    caption: 'Rules, and what holds where they have no objection',
    head: ['Rule', 'Of', 'What holds'].map((content) => ({ content })),
    rows: [...named('each trial', rules), ...named('the comparison', comparisonRules)],
  })}</details>
${table({
  id: 'formulas',
  caption: 'Formulas',
  head: ['Quantity', 'Formula', 'Source'].map((content) => ({ content })),
  rows: FORMULAS.map((row) => [...row]),
})}
<h3>How often meshbench is wrong</h3><p>By simulation, through the functions that judge real runs (<code>npm run prove</code>).</p>${await ofRun(view, 'errorRates')}</section>`
}

function named(of: string, those: readonly { readonly name: string; readonly title: string }[]): string[][] {
  return those.map(({ name, title }) => [name, of, title])
}

const FORMULAS: readonly (readonly [quantity: string, formula: string, source: string])[] = [
  [
    'Response time',
    'done − due, where done = max(due, done of the previous on the connection) + service time: what a generator that is never late would have seen; a dropped k6 iteration waits for the next virtual user',
    'Tene, “How NOT to measure latency”',
  ],
  ['Time as sent', 'answer − due', 'the same, with the generator’s own lateness'],
  ['Lateness of the generator', 'time as sent − response time', 'kept apart, and shown for each trial'],
  [
    'Withheld quantile',
    'requests that the generator sent more than 5 ms and a tenth of their response time late, or that waited for an answer that it read so late, or that it never sent, are unknown: withheld where leaving them out and taking them as they came (never sent: as infinite) differ by more than 10 %',
    'bounds of a quantile with missing values',
  ],
  ['Level', 'exp(mean of ln value) over trials; of an arm: level of the baseline × ratio', 'geometric mean'],
  ['Difference', 'level of the baseline × (ratio − 1), with the interval of the ratio', 'the same estimate in units'],
  ['Ratio to the baseline', 'exp(mean of ln(arm ÷ baseline) over the blocks that have both)', 'paired log-ratios'],
  [
    'Its interval, one cohort',
    'exp(mean ± t(0.975, n − 1) · s ÷ √n); on clusters widened by what equal arms differ by',
    'Student',
  ],
  [
    'Its interval, several cohorts',
    'the cohort is the replicate: random effects of cohort and block; A/A pairs lend what they know of cohorts',
    'Kalibera and Jones, “Rigorous benchmarking in reasonable time”, ISMM 2013',
  ],
  [
    'Robust twin',
    'exp(median of the means of all pairs of log-ratios), exact signed-rank interval',
    'Hodges and Lehmann 1963',
  ],
  ['q', 'p adjusted over all comparisons of the run', 'Benjamini and Hochberg 1995'],
  ['Order of arms', 'rows of a Williams square, relabelled by the seed', 'Williams 1949'],
  [
    'Tie',
    'arms of a group cannot be told from the best of it, paired within blocks, at a level that holds for all pairs of them',
    'the rule of “higher” and “lower” above, after Bonferroni',
  ],
  [
    'CPU per request',
    '(CPU-seconds in the window under load − idle cores × its seconds) ÷ requests × 10⁶; idle cores are those of the visit’s idle window. Below 0 by chance where a load adds less than idle CPU scatters',
    'kernel counters of cgroups or processes at the edges of both windows',
  ],
  [
    'A cluster of your own',
    `Σ idle share of each part × how often it is there + pods × requests/s × what a request adds; in dollars ${HOURS_PER_MONTH} h × (cores × price + GiB × price). Its interval is that of the mean over blocks (over cohorts where there are several) of the sum made in each trial, so that errors of the parts that go together are counted as such`,
    'Student; a crossing by Fieller’s theorem, inverted',
  ],
]
