import { CLASS_STYLE } from './figure.ts'
import { NUMERIC_COLUMNS } from './table.ts'

/**
 * Colours of the page and of its charts. Arms follow Okabe and Ito's palette for colour-blind readers, darkened or
 * lightened until marks reach 3:1 and text 4.5:1 on both papers.
 */
export const LIGHT = {
  paper: '#fdfdfc',
  panel: '#f5f5f2',
  ink: '#1b1d21',
  muted: '#5b6068',
  line: '#e1e1dd',
  link: '#0b5cad',
  band: '#e3e6ea',
  worse: '#a33b00',
  better: '#00695c',
  alarm: '#b3261e',
  caution: '#8a5a00',
  'arm-0': '#4a4f57',
  'arm-1': '#0072b2',
  'arm-2': '#c04a00',
  'arm-3': '#007a58',
  'arm-4': '#a8497f',
  'arm-5': '#7a5b00',
  'arm-6': '#5b4db1',
  'arm-7': '#b0302f',
  'role-application': '#3f6f7f',
  'role-client-proxy': '#2f5fb3',
  'role-server-proxy': '#7650ad',
  'role-node-proxy': '#0f766e',
  'role-waypoint': '#a8480c',
  'role-gateway': '#3c6b1d',
  'role-cni': '#8f2c67',
  'role-control-plane': '#765b00',
  'role-node': '#4d525a',
  'role-cluster': '#6d737d',
  'heat-0': '#dfeaf3',
  'heat-1': '#aecbe2',
  'heat-2': '#78a6cd',
  'heat-3': '#467fb3',
  'heat-4': '#235a92',
  'heat-5': '#0d3263',
}

export type Palette = typeof LIGHT

export const DARK: Palette = {
  paper: '#14161a',
  panel: '#1c1f24',
  ink: '#e9eaec',
  muted: '#a5abb4',
  line: '#2f333a',
  link: '#8ab8f5',
  band: '#30353d',
  worse: '#ffa06b',
  better: '#5cd6bd',
  alarm: '#ff8a80',
  caution: '#e9b949',
  'arm-0': '#c3c7cd',
  'arm-1': '#56b4e9',
  'arm-2': '#ff8f4d',
  'arm-3': '#35c9a0',
  'arm-4': '#e79bc6',
  'arm-5': '#e3c84a',
  'arm-6': '#a99cf5',
  'arm-7': '#ff8682',
  'role-application': '#9cc4d3',
  'role-client-proxy': '#8fb2f5',
  'role-server-proxy': '#c5a8f5',
  'role-node-proxy': '#5fd0c3',
  'role-waypoint': '#f5a970',
  'role-gateway': '#a9d488',
  'role-cni': '#f2a0cf',
  'role-control-plane': '#dcc463',
  'role-node': '#c9cdd3',
  'role-cluster': '#8b919a',
  'heat-0': '#1f3348',
  'heat-1': '#2c5279',
  'heat-2': '#3f78ac',
  'heat-3': '#6aa0d0',
  'heat-4': '#a3c9ec',
  'heat-5': '#e8f3fd',
}

/** Custom properties for both themes; paper is always light in print. */
export const THEME = `:root{color-scheme:light dark;${properties(LIGHT)}}
@media screen and (prefers-color-scheme:dark){:root{${properties(DARK)}}}
@media (forced-colors:active){:root{--paper:Canvas;--panel:Canvas;--ink:CanvasText;--muted:CanvasText;--line:GrayText;--link:LinkText}}
@media print{:root{color-scheme:light}}
`

function properties(colors: Palette): string {
  return Object.entries(colors)
    .map(([name, color]) => `--${name}:${color}`)
    .join(';')
}

/**
 * For pages with scripts. The first paint lays out the opening and the answer only: more than half of its work was what stands below them. The boot
 * script shows the rest in the next frame, and the animation does where no script may run though scripting is on (a server's
 * policy). Only browsers that can animate this property do any of it, and `@supports` knows these by another property of
 * the same age.
 */
export const FIRST_PAINT = `@keyframes seen{to{content-visibility:visible}}
@media screen and (scripting:enabled){@supports (interpolate-size:allow-keywords){html:not([data-ready]) main>section:nth-of-type(n+2){content-visibility:hidden;contain-intrinsic-size:auto 900px;animation:seen 1ms 1s forwards}}}`

/** The page's style sheet: one type scale (a fourth up at each step), one spacing unit of half a rem, no decoration that carries no meaning. */
export const STYLE = `${THEME}
*,::before,::after{box-sizing:border-box}
:root{--shade:color-mix(in srgb,var(--ink) 28%,transparent)}
html{-webkit-text-size-adjust:100%;scroll-padding-top:5.5rem}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:break-word}
main,footer{--edge:clamp(1rem,4vw,2.5rem);max-width:76rem;margin:0 auto;padding:0 var(--edge)}
[hidden]{display:none!important}
a{color:var(--link);text-underline-offset:.15em}
:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:3px}
.skip{position:absolute;left:-100vw}
.skip:focus{left:1rem;top:1rem;background:var(--paper);padding:.5rem 1rem;z-index:9}
h1,h2,h3,p,figure,dl,dd,ul,fieldset{margin:0}
h1,h2,h3{line-height:1.25;text-wrap:balance}
h1{font-size:clamp(1.4rem,1.1rem + 1.3vw,1.875rem);font-weight:680;letter-spacing:-.015em}
h2{font-size:1.5rem;font-weight:660;letter-spacing:-.01em;margin-bottom:.5rem}
h3{font-size:1.125rem;font-weight:640;margin:2rem 0 .25rem}
h3 small{font-weight:400;margin-left:.4rem}
figcaption h3{font-size:1rem;margin:0}
small{font-size:.8125rem;color:var(--muted)}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.875em}
code{overflow-wrap:anywhere}
pre{border:1px solid var(--line);border-radius:6px;padding:.75rem 1rem;margin:.5rem 0 1rem;overflow-x:auto}
pre code{overflow-wrap:normal}
section{padding-top:3.5rem}
section.first{padding-top:1.5rem}
main>section:nth-of-type(n+4){content-visibility:auto;contain-intrinsic-size:auto 900px}
section>p,section>h2+p{max-width:46rem;color:var(--muted)}
.inputs{display:flex;flex-wrap:wrap;gap:.3rem 1.5rem;margin:.8rem 0;font-size:.9375rem}
.inputs dt{font-size:.8125rem;color:var(--muted)}
section>p b{color:var(--ink)}
section>p+p{margin-top:.7rem}
main ul{padding-left:1.2rem}
.opening{padding-top:clamp(1rem,2.5vw,1.75rem)}
.eyebrow{color:var(--muted);font-size:.875rem;margin-bottom:.35rem}
.brand{color:var(--ink);font-weight:700;margin-right:.4rem}
.caveat{margin-top:.6rem;padding-left:.8rem;border-left:3px solid var(--caution);font-size:.875rem;color:var(--muted);max-width:64rem}
.caveat b{color:var(--ink)}
.panel{padding-top:1rem;display:flex;flex-direction:column}
.winners{display:contents}
.quiet{font-size:.875rem;font-weight:600;color:var(--muted);letter-spacing:0;margin-bottom:.25rem}
.name{font-weight:640}
.lead{font-size:clamp(1.125rem,1rem + .7vw,1.375rem);line-height:1.38;font-weight:500;letter-spacing:-.005em;text-wrap:pretty;max-width:none;color:var(--ink)}
.second{margin-top:.4rem;color:var(--muted);max-width:64rem}
.second b{color:var(--ink)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,17rem),1fr));gap:1rem;margin:1.1rem 0 1.25rem}
.card{border:1px solid var(--line);border-radius:8px;padding:.75rem 1rem;min-width:0;background:var(--panel);font-size:.9375rem}
.card h3{margin:0;font-size:.875rem;font-weight:600;color:var(--muted)}
.card .winner{font-size:1.25rem;font-weight:660;margin:.1rem 0 .25rem;overflow-wrap:anywhere}
.card .winner small{font-weight:400;font-size:.9375rem}
.card p{line-height:1.4}
.yes{color:var(--better)}
.no{color:var(--caution)}
.card.trust{border-left:4px solid var(--muted)}
.card.trust.good{border-left-color:var(--better)}
.card.trust.warn{border-left-color:var(--caution)}
.card.trust.bad{border-left-color:var(--alarm)}
.gate{padding:.9rem 0 0;border:0}
.gate ul{margin:.25rem 0;padding-left:1.1rem}
.gate li{margin:.2rem 0}
.gate code{overflow-wrap:anywhere}
nav a{display:inline-block;padding:.25rem 0;text-decoration:none;font-size:.9375rem}
nav a:hover{text-decoration:underline}
.under{color:var(--muted);font-size:.9375rem}
.scroll{overflow-x:auto;margin:.9rem 0;position:relative}
.scroll,.plot,pre{background:linear-gradient(90deg,var(--paper) 40%,transparent) left/2rem 100% local no-repeat,linear-gradient(-90deg,var(--paper) 40%,transparent) right/2rem 100% local no-repeat,linear-gradient(90deg,var(--shade),transparent) left/.8rem 100% no-repeat,linear-gradient(-90deg,var(--shade),transparent) right/.8rem 100% no-repeat}
table{border-collapse:collapse;width:100%;font-size:.9375rem;line-height:1.35}
caption span{display:inline-block;position:sticky;left:0;max-width:calc(100vw - 2rem)}
caption{text-align:left;color:var(--muted);font-size:.875rem;padding-bottom:.5rem}
th,td{text-align:left;vertical-align:top;padding:.45rem 1.1rem .45rem 0;border-bottom:1px solid var(--line);font-weight:400;overflow-wrap:normal}
thead th{font-weight:600;vertical-align:bottom;border-bottom:1px solid var(--muted)}
th small,td small,.level,.change{display:block}
thead th small{font-weight:400}
${CLASS_STYLE}
${NUMERIC_COLUMNS}{text-align:right;white-space:nowrap}
.costs tr>*{white-space:normal}
th:last-child,td:last-child{padding-right:.2rem}
.plain td,.plain th{min-width:3rem}
.plain td:last-child{min-width:8rem}
.plain .arm{min-width:8.5rem}
.plain code{white-space:nowrap}
.trials th,.trials td{white-space:nowrap;min-width:0!important}
.trials :is(th,td):nth-child(-n+10){text-align:right}
.trials small{display:inline}
.costs th,.costs td{padding-block:.6rem}
.costs thead th:first-child{width:25%}
.matrix{min-width:56rem}
.matrix th:first-child{white-space:nowrap}
.matrix td{min-width:9rem;overflow-wrap:anywhere}
.matrix small,.line{display:block}
.costs td,.costs thead th+th{min-width:6.4rem}
.costs tbody th{position:sticky;left:0;z-index:1;background:var(--paper);min-width:9rem;max-width:17rem}
.change{white-space:nowrap}
.costs th small,.costs td small{white-space:normal}
.arm{display:flex;align-items:center;gap:.5rem;font-weight:600}
.arm span{min-width:0;overflow-wrap:anywhere}
.level{font-size:1.0625rem;font-weight:600}
.rank{display:inline-block;float:left;min-width:1.55rem;text-align:center;font-size:.75rem;line-height:1.3rem;margin:.1rem .3rem 0 .6rem;border:1px solid var(--line);border-radius:1rem;color:var(--muted);font-weight:600;padding:0 .3rem}
.rank.best{background:var(--better);border-color:var(--better);color:var(--paper)}
.worse .change{color:var(--worse);font-weight:600}
.better .change{color:var(--better);font-weight:600}
.faint,.faint .level{color:var(--muted);font-weight:400}
.swatch{width:24px;height:12px;flex:none;overflow:visible}
.swatch.chip{width:12px}
.whisker{display:block;width:104px;height:16px;margin:.1rem 0 .1rem auto;overflow:visible;color:var(--muted);stroke:var(--line)}
.worse .whisker{color:var(--worse)}
.better .whisker{color:var(--better)}
.whisker rect{fill:var(--band);stroke:none}
.whisker path+path{stroke:var(--muted)}
.whisker path+path+path{stroke:currentColor;stroke-width:2}
.whisker circle{fill:currentColor;stroke:var(--paper)}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,28rem),1fr));gap:0 2.5rem;align-items:start}
.figures>figure{grid-row:span 3;display:grid;grid-template:subgrid/minmax(0,1fr);align-content:start;margin-bottom:1rem}
.plot,.behind{min-width:0}
.figures.single{grid-template-columns:minmax(0,1fr)}
figure{margin-top:.75rem;min-width:0}
figcaption p{font-size:.9375rem;color:var(--muted);margin-top:.2rem;max-width:42rem}
.self{color:inherit;text-decoration:none}
.self:hover::after{content:" #";color:var(--muted)}
main .legend{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;padding:0;margin:.6rem 0 .2rem;font-size:.875rem}
.legend li{display:flex;align-items:center;gap:.45rem;min-width:0;overflow-wrap:anywhere}
.plot{position:relative;margin-top:.5rem;overflow-x:auto}
.plot>svg{font-size:12px;display:block;width:100%;min-width:27rem;height:auto;overflow:visible}
.single .plot>svg{min-width:54rem}
.reason{color:var(--muted);background:var(--panel);border-radius:6px;padding:1rem;font-size:.9375rem}
details{margin:.6rem 0}
summary{cursor:pointer;color:var(--link);font-size:.9375rem;padding:.2rem 0;width:fit-content}
main .problems{list-style:none;padding:0;display:grid;gap:.75rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,30rem),1fr))}
.problem{border-left:3px solid var(--caution);padding:.1rem 0 .1rem .9rem;min-width:0}
.problem.invalid{border-left-color:var(--alarm)}
.rule span{color:var(--muted);font-size:.875rem;overflow-wrap:anywhere}
.problem dl{display:grid;grid-template-columns:auto 1fr;gap:.1rem .8rem;font-size:.9375rem}
dd{min-width:0;overflow-wrap:anywhere}
dt{color:var(--muted);font-size:.875rem}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,17rem),1fr));gap:.8rem 2rem;margin-bottom:1.5rem}
.status{font-weight:600}
.status.valid{color:var(--better)}
.status.invalid,.status.failed{color:var(--alarm)}
footer{color:var(--muted);font-size:.875rem;margin-top:4rem;padding-block:1.5rem 3rem;border-top:1px solid var(--line)}
@media (max-width:40rem){section{padding-top:2.75rem}.panel{padding-top:1rem}th,td{padding-right:.7rem}.costs tbody th{max-width:7.5rem;min-width:7.5rem;border-right:1px solid var(--line);padding-right:.4rem}.costs tbody th .swatch{display:none}.costs td,.costs thead th+th{min-width:8rem}}
#bar{position:sticky;top:0;z-index:4;display:flex;flex-wrap:wrap;align-items:end;gap:.35rem .9rem;margin:.7rem calc(-1*var(--edge)) 0;padding:.35rem var(--edge) .45rem;background:var(--paper);border-bottom:1px solid var(--line)}
#controls{flex:1 1 16rem;min-width:0}
@media (scripting:enabled){#controls{min-height:3.2rem}}
#controls form{display:flex;flex-wrap:wrap;align-items:end;gap:.35rem .9rem}
#controls form>.choice{flex:0 1 11rem;min-width:5.5rem}
.menu{position:relative;margin:0;width:fit-content}
.menu>summary{list-style:none;color:var(--ink);border:1px solid var(--line);border-radius:4px;padding:.2rem .6rem;min-height:32px;line-height:1.5}
.menu>summary::-webkit-details-marker{display:none}
.menu>summary::after{content:" \\25be";color:var(--muted)}
.menu>summary:hover,.menu[open]>summary{border-color:var(--ink)}
.menu>:not(summary){position:absolute;z-index:5;left:0;top:calc(100% + 4px);width:max-content;max-width:min(34rem,calc(100vw - 2rem));max-height:min(30rem,70vh);overflow:auto;padding:.8rem 1rem;border:1px solid var(--muted);border-radius:6px;background:var(--paper);box-shadow:0 4px 16px #0003}
#bar .menu{position:static}
#bar .menu>:not(summary){left:var(--edge);max-width:min(46rem,calc(100% - 2*var(--edge)))}
#bar>.menu>nav{left:auto!important;right:var(--edge)}
.behind .menu[open]{flex-basis:100%}
.behind .menu>:not(summary){position:static;width:auto;max-width:46rem;max-height:none;margin-top:.3rem;box-shadow:none}
nav ul{padding:0;list-style:none}
.behind{display:flex;flex-wrap:wrap;gap:.2rem 1.25rem;align-items:start;margin-top:.3rem}
.behind>details:first-child[open]{flex-basis:100%}
.behind>*{margin:0;min-width:0;max-width:100%}
.behind .menu>summary{font-size:.875rem;color:var(--muted);min-height:28px;padding:.1rem .6rem}
.cite{font-size:.875rem;margin-top:.6rem}
.cite p{max-width:none}
.cite pre{margin:.3rem 0 .6rem;padding:.4rem .6rem;white-space:pre-wrap}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.controls{display:flex;flex-wrap:wrap;gap:.75rem 1.25rem;align-items:end;font-size:.9375rem}
.inputs-form{padding:.9rem 1rem;border:1px solid var(--line);border-radius:6px;background:var(--panel)}
.choice{display:flex;flex-direction:column;gap:.2rem;min-width:0;max-width:100%}
.choice>span,.controls legend{font-size:.8125rem;color:var(--muted);padding:0}
.controls fieldset{border:0;margin:0;padding:0;min-width:0;display:flex;flex-wrap:wrap;gap:0 1rem}
.controls legend{float:left;width:100%}
.tick{display:inline-flex;align-items:center;gap:.4rem;min-height:28px;min-width:0;overflow-wrap:anywhere;white-space:normal}
.tick input{width:20px;height:20px;margin:2px;flex:none;accent-color:var(--link)}
td .tick{font-size:.8125rem;color:var(--muted);white-space:nowrap}
.acts{display:flex;flex-wrap:wrap;gap:.5rem;align-items:end;min-width:0}
#bar select,.controls :is([type=file],[type=number]),:is(.controls,.menu,#unpublished,#other-run) button{font:inherit;font-size:.9375rem;color:var(--ink);background:var(--paper);border:1px solid var(--muted);border-radius:4px;min-height:32px;padding:.2rem .6rem;max-width:100%}
#bar select{width:100%}
.controls button:disabled{color:var(--muted);border-color:var(--line)}
:is(#bar,.menu,.controls,#other-run,td) :is(select,button,input):focus-visible{outline:3px solid var(--link);outline-offset:2px}
.menu button:hover:enabled,.controls button:hover:enabled{color:var(--ink);border-color:var(--ink)}
#unpublished{display:flex;flex-wrap:wrap;gap:.3rem 1rem;align-items:center;justify-content:space-between;flex-basis:100%;padding:.3rem .8rem;background:var(--paper);border:2px solid var(--alarm);border-left-width:8px;border-radius:4px}
#unpublished p{flex:1 1 20rem;font-size:.875rem;line-height:1.35}
.plot .live{position:relative}
.plot .live>svg{display:block;max-width:100%;height:auto;overflow:visible}
.plot:focus-visible{outline:3px solid var(--link);outline-offset:4px;border-radius:3px}
.ring{position:absolute;pointer-events:none;border:2px solid var(--ink);outline:2px solid var(--paper);border-radius:4px}
.tip{position:absolute;left:0;top:0;width:max-content;z-index:5;max-width:min(22rem,calc(100vw - 8px));padding:.35rem .6rem;border:1px solid var(--muted);border-radius:4px;background:var(--paper);color:var(--ink);font-size:.875rem;line-height:1.35;pointer-events:none;overflow-wrap:anywhere}
.board{position:fixed;z-index:5;left:50%;bottom:1rem;transform:translateX(-50%);max-width:calc(100vw - 2rem);padding:.5rem 1rem;background:var(--ink);color:var(--paper);border-radius:4px;font-size:.9375rem}
.board:empty{display:none}
.dropping::after{content:"Drop a report to compare it with this one";position:fixed;inset:.5rem;z-index:6;display:grid;place-items:center;border:3px dashed var(--link);border-radius:8px;background:color-mix(in srgb,var(--paper) 85%,transparent);font-size:1.25rem;pointer-events:none}
#other-run .differs{border-left:4px solid var(--alarm);background:var(--panel);padding:.6rem 1rem;margin:.8rem 0}
#other-run .differs ul{padding-left:1.2rem}
#other-run:focus{outline:none}
@media screen{.is-live>.still{display:none}}
@media print{.menu,.tip,.board,.ring,.live,td .tick{display:none!important}#unpublished{display:flex;flex-wrap:wrap;gap:.3rem 1rem;align-items:center;justify-content:space-between;flex-basis:100%;padding:.3rem .8rem;background:var(--paper);border:2px solid var(--alarm);border-left-width:8px;border-radius:4px}[data-live=asked] .is-live>.still{display:none}[data-live=asked] .is-live>.live{display:block!important}[data-stale] .plot>*{display:none!important}[data-stale] .plot::before{content:"Not redrawn for the current view: scroll past it, then print again."}#unpublished button{display:none}}
@media (max-width:40rem){.panel .cards{order:-1;margin-bottom:.75rem}.opening{padding-top:.75rem}.choice>span{font-size:.75rem}#bar{gap:.35rem .4rem}#controls{flex:1 1 9rem}#controls form{gap:.35rem .4rem;flex-wrap:nowrap}#controls form:has(details[open]){flex-wrap:wrap}.menu>summary{padding:.2rem .45rem}}
@media (max-width:30rem){[data-part^=costs-] :is(table,tbody,tr,th,td){display:block}[data-part^=costs-] thead{display:none}[data-part^=costs-] tbody th{position:static;max-width:none;border:0;padding:1rem 0 .2rem}[data-part^=costs-] td{display:grid;grid-template-columns:minmax(0,1fr) auto;column-gap:1rem;padding:.35rem 0;min-width:0}[data-part^=costs-] td::before{content:attr(data-label);grid-row:1/span 5;text-align:left;color:var(--muted)}[data-part^=costs-] td>*{grid-column:2}[data-part^=costs-] caption{display:block}[data-part^=costs-] caption span{position:static}.whisker{margin-left:auto}}
@media (max-width:40rem){#controls form:not(:has(details[open]))>.choice:not(:first-child){display:none}#controls form>.choice:first-child{flex:1 1 6rem}}
@page{margin:13mm}
@media print{html{font-size:8.5pt}table{font-size:.85rem}th,td{padding-right:.5rem}.costs small,.costs .change,.plain tr>*,.plain code,.trials th,.trials td{white-space:normal}.costs td,.costs th,.plain td,.plain th,.matrix,.matrix td{min-width:0!important}.whisker{width:5rem}main,footer{max-width:none;padding:0}#bar,.skip{display:none!important}section{padding-top:1.5rem}h2,h3,figcaption{break-after:avoid}figure,tr,.problem,.card{break-inside:avoid}.scroll,pre,.plot{overflow:visible}.plot>svg,.single .plot>svg{min-width:0}.costs tbody th{position:static}pre{white-space:pre-wrap}details::details-content{display:block;content-visibility:visible;block-size:auto}summary{color:var(--muted)}a{color:inherit}}
`
