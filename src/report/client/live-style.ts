/** What only a page that runs scripts needs; it keeps to the page's type scale, colours and radii. */
export const LIVE_STYLE = `
[hidden]{display:none!important}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.controls{display:flex;flex-wrap:wrap;gap:.75rem 1.25rem;align-items:end;padding:.9rem 1rem;border:1px solid var(--line);border-radius:6px;background:var(--panel);font-size:.9375rem}
.choice{display:flex;flex-direction:column;gap:.2rem;min-width:0;max-width:100%}
.choice>span,.controls legend{font-size:.8125rem;color:var(--muted);padding:0}
.controls fieldset{border:0;margin:0;padding:0;min-width:0;display:flex;flex-wrap:wrap;gap:0 1rem}
.controls legend{float:left;width:100%}
.tick{display:inline-flex;align-items:center;gap:.4rem;min-height:28px;min-width:0;overflow-wrap:anywhere;white-space:normal}
.tick input{width:20px;height:20px;margin:2px;flex:none;accent-color:var(--link)}
td .tick{font-size:.8125rem;color:var(--muted);white-space:nowrap}
.acts{display:flex;flex-wrap:wrap;gap:.75rem;align-items:end;min-width:0}
.controls select,.controls button,.controls input[type=file],.controls input[type=number],.downloads button,#unpublished button,#other-run button{font:inherit;font-size:.9375rem;color:var(--ink);background:var(--paper);border:1px solid var(--muted);border-radius:4px;min-height:32px;padding:.2rem .6rem;max-width:100%}
.controls select{width:100%}
.controls button:disabled{color:var(--muted);border-color:var(--line)}
:is(.controls,.downloads,#unpublished,#other-run,td) :is(select,button,input):focus-visible{outline:3px solid var(--link);outline-offset:2px}
.downloads{display:flex;flex-wrap:wrap;gap:.4rem;margin-top:.5rem}
.downloads button{font-size:.8125rem;min-height:28px;border-color:var(--line);color:var(--muted)}
.downloads button:hover,.controls button:hover:enabled{color:var(--ink);border-color:var(--ink)}
#unpublished{position:sticky;top:0;z-index:3;display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center;justify-content:space-between;margin-block:1rem;padding:.6rem 1rem;background:var(--paper);border:2px solid var(--alarm);border-left-width:8px;border-radius:4px}
#unpublished p{max-width:46rem;font-size:.9375rem}
.plot{position:relative}
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
@media print{#controls,.downloads,.tip,.board,.ring,.live,td .tick{display:none!important}#unpublished{position:static}[data-live=asked] .is-live>.still{display:none}[data-live=asked] .is-live>.live{display:block!important}[data-stale] .plot>*{display:none!important}[data-stale] .plot::before{content:"Not drawn anew for what was asked of this page: scroll past it, then print again."}#unpublished button{display:none}}
`
