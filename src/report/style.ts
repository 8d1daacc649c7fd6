import { THEME } from './theme.ts'

/** The page's style sheet: one type scale (a fifth up at each step), one spacing unit, no decoration that carries no meaning. */
export const STYLE = `${THEME}
*,::before,::after{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-padding-top:1rem}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:break-word}
main,footer{max-width:72rem;margin:0 auto;padding:0 clamp(1rem,4vw,2.5rem)}
a{color:var(--link);text-underline-offset:.15em}
a:focus-visible,summary:focus-visible,[tabindex]:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:3px}
.skip{position:absolute;left:-100vw}
.skip:focus{left:1rem;top:1rem;background:var(--paper);padding:.5rem 1rem;z-index:2}
h1,h2,h3,h4,p,figure,dl,dd,ul{margin:0}
h1,h2,h3,h4{line-height:1.2;text-wrap:balance}
h1{font-size:clamp(1.75rem,1.3rem + 2vw,2.5rem);font-weight:680;letter-spacing:-.015em}
h2{font-size:1.55rem;font-weight:660;letter-spacing:-.01em;margin-bottom:.6rem}
h3{font-size:1.15rem;font-weight:640;margin:2rem 0 .4rem}
h4{font-size:1rem;font-weight:640}
small{font-size:.8125rem;color:var(--muted)}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.9em}
code{overflow-wrap:anywhere}
pre{background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:.7rem .9rem;margin:.5rem 0 1rem;overflow-x:auto}
pre code{overflow-wrap:normal}
section{padding-top:3.5rem}
section>p,section>h2+p{max-width:46rem}
section>p+p{margin-top:.7rem}
main ul{padding-left:1.2rem}
.opening{padding-top:clamp(1.5rem,5vw,3.5rem)}
.eyebrow{color:var(--muted);font-size:.875rem;margin-bottom:.5rem}
.subtitle{font-size:1.125rem;margin-top:.4rem;max-width:46rem;text-wrap:pretty}
.meta{color:var(--muted);margin-top:.6rem}
.meta b{color:var(--ink);font-weight:600}
.caveat{max-width:52rem;margin-top:1.25rem;padding:.7rem 1rem;border-left:4px solid var(--caution);background:var(--panel)}
.answer{padding-top:1.75rem}
.quiet{font-size:.875rem;font-weight:600;color:var(--muted);letter-spacing:0}
.name{display:inline-block;max-width:100%;font-weight:640}
.load{font-size:.875rem;color:var(--muted);margin-bottom:.25rem}
.load b{color:var(--ink)}
.lead,.also{max-width:52rem}
.lead>p:nth-child(2){font-size:clamp(1.2rem,1rem + 1vw,1.55rem);line-height:1.38;font-weight:540;letter-spacing:-.005em;text-wrap:pretty}
.lead .second{margin-top:.6rem;font-size:1.0625rem}
.also{margin-top:1.5rem;padding-top:1rem;border-top:1px solid var(--line)}
.also .second{margin-top:.4rem;color:var(--muted)}
main .badges{list-style:none;padding:0;margin-top:2rem;display:flex;flex-wrap:wrap;gap:.75rem}
.badge{flex:1 1 15rem;border:1px solid var(--line);border-top:3px solid var(--muted);border-radius:4px;padding:.6rem .9rem}
.badge b,.badge span{display:block}
.badge span{font-size:.875rem;color:var(--muted)}
.badge.good{border-top-color:var(--better)}
.badge.warn{border-top-color:var(--caution)}
.badge.bad{border-top-color:var(--alarm)}
nav{margin-top:2rem;border-block:1px solid var(--line)}
nav ul{list-style:none;display:flex;flex-wrap:wrap;column-gap:1.4rem}
main nav ul{padding:.35rem 0}
nav a{display:inline-block;padding:.25rem 0;text-decoration:none;font-size:.9375rem}
nav a:hover{text-decoration:underline}
.under{color:var(--muted);font-size:.9375rem}
.scroll{overflow-x:auto;margin:.9rem 0;position:relative}
table{border-collapse:collapse;width:100%;font-size:.9375rem;line-height:1.35}
caption span{position:sticky;left:0}
caption{text-align:left;color:var(--muted);font-size:.875rem;padding-bottom:.5rem}
th,td{text-align:left;vertical-align:top;padding:.45rem 1.1rem .45rem 0;border-bottom:1px solid var(--line);font-weight:400;overflow-wrap:normal}
thead th{font-weight:600;vertical-align:bottom;border-bottom:1px solid var(--muted)}
th small,td small,.level,.change{display:block}
thead th small{font-weight:400}
.n{text-align:right}
th:last-child,td:last-child{padding-right:.2rem}
.plain td:not(.n),.plain th{min-width:5rem}
.plain .n{white-space:nowrap;min-width:0}
.plain code{white-space:nowrap}
.costs th,.costs td{padding-block:.7rem}
.costs thead th:first-child{width:24%}
.matrix{min-width:56rem}
.matrix th:first-child{white-space:nowrap}
.matrix td{min-width:9rem;overflow-wrap:anywhere}
.matrix small,.line{display:block}
.costs td,.costs th.n{min-width:8.4rem}
.costs tbody th{position:sticky;left:0;z-index:1;background:var(--paper);min-width:9rem;max-width:15rem}
.costs small,.change{white-space:nowrap}
.costs th small,.costs .faint small:only-of-type{white-space:normal}
.arm{display:flex;align-items:center;gap:.5rem;font-weight:600}
.level{font-size:1.0625rem;font-weight:600}
.worse .change{color:var(--worse);font-weight:600}
.better .change{color:var(--better);font-weight:600}
.faint,.faint .level{color:var(--muted);font-weight:400}
.swatch{width:24px;height:12px;flex:none;overflow:visible}
.swatch.chip{width:12px}
.whisker{display:block;width:104px;height:16px;margin:.1rem 0 .1rem auto;overflow:visible}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,30rem),1fr));gap:2rem 2.5rem;align-items:start}
figure{margin-top:1rem;min-width:0}
figcaption p{font-size:.9375rem;color:var(--muted);margin-top:.2rem;max-width:40rem}
main .legend{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;padding:0;margin:.6rem 0 .2rem;font-size:.875rem}
.legend li{display:flex;align-items:center;gap:.45rem;min-width:0;overflow-wrap:anywhere}
.plot{container-type:inline-size;margin-top:.5rem}
.plot>svg{display:block;width:100%;height:auto;overflow:visible;max-width:40rem}
.plot .wide{display:none}
@container (min-width:28rem){.plot .wide{display:block}.plot .narrow{display:none}}
.reason{color:var(--muted);background:var(--panel);border-radius:6px;padding:1rem;font-size:.9375rem}
details{margin:.6rem 0}
summary{cursor:pointer;color:var(--link);font-size:.9375rem;padding:.2rem 0;width:fit-content}
main .problems{list-style:none;padding:0;display:grid;gap:.75rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,30rem),1fr))}
.problem{border-left:3px solid var(--caution);padding:.1rem 0 .1rem .9rem;min-width:0}
.problem.invalid{border-left-color:var(--alarm)}
.rule span{color:var(--muted);font-size:.875rem;overflow-wrap:anywhere}
.problem dl{display:grid;grid-template-columns:auto 1fr;gap:.1rem .8rem;font-size:.9375rem}
.problem dt{color:var(--muted)}
dd{min-width:0;overflow-wrap:anywhere}
dt{color:var(--muted)}
dd{min-width:0;overflow-wrap:anywhere}
dt{color:var(--muted);font-size:.875rem}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,17rem),1fr));gap:.8rem 2rem;margin-bottom:1.5rem}
.status{font-weight:600}
.status.valid{color:var(--better)}
.status.invalid,.status.failed{color:var(--alarm)}
footer{color:var(--muted);font-size:.875rem;margin-top:4rem;padding-block:1.5rem 3rem;border-top:1px solid var(--line)}
@media (max-width:40rem){section{padding-top:2.75rem}th,td{padding-right:.7rem}.costs tbody th{max-width:7.5rem;min-width:7.5rem;border-right:1px solid var(--line);padding-right:.4rem}.costs tbody th .swatch{display:none}.costs tbody th .arm{overflow-wrap:anywhere}.costs td,.costs th.n{min-width:8rem}}
@page{margin:13mm}
@media print{html{font-size:8.5pt}table{font-size:.85rem}th,td{padding-right:.5rem}.costs small,.costs .change,.plain .n,.plain code{white-space:normal}.costs td,.costs th,.plain td,.plain th,.matrix,.matrix td{min-width:0!important}.whisker{width:5rem}main,footer{max-width:none;padding:0}nav,.skip{display:none}section{padding-top:1.5rem}h2,h3,h4,figcaption{break-after:avoid}figure,tr,.problem{break-inside:avoid}.scroll,pre{overflow:visible}.costs tbody th{position:static}.costs td,.costs th.n{min-width:0}pre{white-space:pre-wrap}details::details-content{display:block;content-visibility:visible;block-size:auto}summary{color:var(--muted)}a{color:inherit}.plot .wide{display:block}.plot .narrow{display:none}}
`
