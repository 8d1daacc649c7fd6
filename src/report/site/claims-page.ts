import {
  CLAIM_VERDICTS,
  type ClaimFigures,
  type ClaimsRun,
  type ClaimVerdict,
  type JudgedClaim,
  type JudgedClaims,
} from '../../model/claim.ts'
import { LEVEL, LEVEL_TEXT } from '../../model/confidence.ts'
import { formatNumber, formatShare } from '../../model/units.ts'
import { commandText, count } from '../../model/words.ts'
import { formatInterval, formatLevel } from '../format.ts'
import { type Html, html } from '../html.ts'
import { fenced, row, text } from '../outputs/markdown.ts'
import { minuteOf } from '../outputs/run-words.ts'
import { siteDocument } from './document.ts'

interface ClaimsAbout {
  /** Words of the command that writes it. */
  readonly command: readonly string[]
  /** Addresses of the pages of runs, by their ids; absent where a run has no page. */
  readonly pages: ReadonlyMap<string, string>
}

/** How many claims have which verdict: "7 hold, 3 do not hold, 15 cannot be told". */
export function tallyWords({ claims }: Pick<JudgedClaims, 'claims'>): string {
  const tally = (verdict: ClaimVerdict) => claims.filter((one) => one.verdict === verdict).length
  const [holds, fails] = [tally('holds'), tally('does-not-hold')]
  return `${count(claims.length, 'claim')}: ${holds} ${holds === 1 ? 'holds' : 'hold'}, ${fails} ${fails === 1 ? 'does' : 'do'} not hold, ${tally('cannot-tell')} cannot be told`
}

/** What the verdicts of measured claims are worth. */
export function confidenceWords({ claims }: Pick<JudgedClaims, 'claims'>): string {
  const measured = claims.filter(({ figures }) => figures?.p !== undefined).length
  return measured === 0
    ? 'No claim has figures that could decide it.'
    : `Intervals are of ${LEVEL_TEXT}. The chance of any wrong verdict among the ${count(measured, 'claim')} with figures is at most ${formatShare(1 - LEVEL)} by Holm’s method, as far as blocks are alike and independent; no such bound is known for verdicts by probes.`
}

/** Every claim with its evidence and verdict: one HTML file that runs no script. */
export function claimsPage(judged: JudgedClaims, about: ClaimsAbout): string {
  const { claims, runs } = judged
  return siteDocument({
    title: 'Claims about service meshes, tested',
    lead: html`${tallyWords(judged)}. A verdict is about the loads, versions and machine that are named below, and no others: most sources had other ones.`,
    links: [
      { href: '#claims', name: 'Claims' },
      { href: '#runs', name: 'Runs, versions and machine' },
      { href: '#repeat', name: 'Repeat it' },
    ],
    writtenBy: 'meshbench claims',
    body: html`<section><ul class="plain">${(Object.keys(CLAIM_VERDICTS) as ClaimVerdict[]).map((verdict) => html`<li>${verdictOf(verdict)}: ${CLAIM_VERDICTS[verdict].meaning}</li>`)}</ul><p>${confidenceWords(judged)}</p></section>
<section><h2 id="claims">Claims</h2><div class="scroll" tabindex="0" role="region" aria-label="Claims"><table class="features claims"><thead><tr><th scope="col">Claim</th><th scope="col">Verdict</th><th scope="col">What is tested</th><th scope="col">Evidence</th></tr></thead><tbody>${claims.map((one) => claimRow(one, about))}</tbody></table></div></section>
<section><h2 id="runs">Runs, versions and machine</h2>${runs.length === 0 ? html`<p>No run was judged.</p>` : runs.map((run) => runPart(run, judged, about))}</section>
<section><h2 id="repeat">Repeat it</h2><pre><code>${commandsOf(judged, about).join('\n')}</code></pre></section>`,
  })
}

const CLASSES: Readonly<Record<ClaimVerdict, string>> = {
  holds: 'verdict pass',
  'does-not-hold': 'verdict regression',
  'cannot-tell': 'verdict inconclusive',
}

function verdictOf(verdict: ClaimVerdict): Html {
  return html`<b class="${CLASSES[verdict]}">${CLAIM_VERDICTS[verdict].mark} ${CLAIM_VERDICTS[verdict].title}</b>`
}

function claimRow({ claim, tested, verdict, reason, figures, seen }: JudgedClaim, about: ClaimsAbout): Html {
  const { id, source, date } = claim
  const evidence = figures ?? seen
  return html`<tr id="claim-${id}"><th scope="row">${claim.claim}<small><a href="${source}">${hostOf(source)}</a>, ${date}</small></th><td>${verdictOf(verdict)}</td><td>${tested}</td><td>${reason}${evidence && html`<details><summary>figures and versions</summary><ul>${figures && figuresOf(figures)}${evidence.versions.map(({ arm, version }) => html`<li>${arm}: version ${version}</li>`)}<li>run ${runLink(evidence.run, about)}</li></ul></details>`}</td></tr>`
}

function figuresOf({ levels, valid, planned, p, adjusted }: ClaimFigures): Html {
  const tested = adjusted === undefined ? '' : `; p ${formatP(p)}, by Holm ${formatP(adjusted)}`
  return html`${levels.map(({ arm, unit, estimate }) => html`<li>${arm}: ${figureOf(estimate, (value) => formatLevel(unit, value))}</li>`)}<li>${valid} of ${count(planned, 'trial')} valid${tested}</li>`
}

/** The publisher, as far as the address says it. */
function hostOf(source: string): string {
  const { host, pathname } = new URL(source)
  return `${host}${pathname.length > 1 && pathname.length < 40 ? pathname.replace(/\/$/, '') : ''}`
}

function figureOf(estimate: Parameters<typeof formatInterval>[0], format: (value: number) => string): string {
  const interval = formatInterval(estimate, format)
  return `${format(estimate.center)}${interval === undefined ? '' : ` (${interval})`}`
}

function formatP(p = 1): string {
  return p < 0.0001 ? 'below 0.0001' : formatNumber(p, 2)
}

function runLink(run: string, { pages }: ClaimsAbout): Html | string {
  const page = pages.get(run)
  return page === undefined ? run : html`<a href="${page}">${run}</a>`
}

function runPart(
  { run, kind, startedAt, platform, machine, caveats }: ClaimsRun,
  judged: JudgedClaims,
  about: ClaimsAbout,
): Html {
  const versions = versionsOf(judged, run)
  return html`<h3>${runLink(run, about)}</h3><p>${kind === 'run' ? 'Measured' : 'Probed'} on ${minuteOf(startedAt)}, platform ${platform}, ${machine}.</p>${versions.length > 0 && html`<p>Versions: ${versions.join('; ')}.</p>`}${caveats.length > 0 && html`<ul class="cautions">${caveats.map((caveat) => html`<li>${caveat}</li>`)}</ul>`}`
}

function versionsOf({ claims }: Pick<JudgedClaims, 'claims'>, run: string): string[] {
  const seen = claims.flatMap(({ figures, seen }) =>
    [figures, seen].flatMap((one) => (one?.run === run ? one.versions : [])),
  )
  return [...new Set(seen.map(({ arm, version }) => `${arm} ${version}`))].toSorted()
}

function commandsOf({ runs }: Pick<JudgedClaims, 'runs'>, { command }: Pick<ClaimsAbout, 'command'>): string[] {
  return [...runs.map(({ commandLine }) => commandText(commandLine)), commandText(command)]
}

/** The table for a pull request or a chat. */
export function claimsMarkdown(judged: JudgedClaims, about: Pick<ClaimsAbout, 'command'>): string {
  const { claims, runs } = judged
  return [
    '## meshbench: claims about service meshes, tested',
    '',
    `${text(tallyWords(judged))}.`,
    '',
    row(['Claim', 'Source', 'Verdict', 'Evidence']),
    '|---|---|---|---|',
    ...claims.map(({ claim, verdict, reason }) =>
      row([
        claim.claim,
        `${hostOf(claim.source)}, ${claim.date}`,
        `${CLAIM_VERDICTS[verdict].mark} ${CLAIM_VERDICTS[verdict].title}`,
        reason,
      ]),
    ),
    '',
    text(confidenceWords(judged)),
    '',
    ...runs.flatMap(({ run, startedAt, platform, machine, caveats }) => [
      `- ${text([`Run ${run}, ${minuteOf(startedAt)}, platform ${platform}, ${machine}.`, ...versionsOf(judged, run).map((one) => `${one}.`), ...caveats].join(' '))}`,
    ]),
    '',
    'To repeat it:',
    '',
    ...fenced(commandsOf(judged, about)),
    '',
  ].join('\n')
}
