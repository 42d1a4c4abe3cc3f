import { STYLE_HASH } from './style.ts';

/** The style that the page of transfers adds to that of all pages, in their colours. */
export const TRANSFERS_STYLE =
  // Colours of states. Each has a contrast of at least 4.5 with the page (WCAG 2.2, 1.4.3).
  ':root{--good:#197a47;--bad:#b3261e;--warn:#8a4b00}' +
  '@media(prefers-color-scheme:dark){:root{--good:#63cf96;--bad:#ff9087;--warn:#f0b35a}}' +
  'body{max-width:76rem}button{flex:none;white-space:nowrap}h1:focus{outline:0}[hidden]{display:none!important}' +
  '.host{margin:0;font-size:1.25rem;font-weight:600;overflow-wrap:anywhere}' +
  '.tabs{display:flex;gap:.25rem;flex:1;margin-inline-start:-.75rem}.tabs a{padding:.375rem .75rem;border-radius:6px;color:var(--quiet)}' +
  '.tabs a:hover{text-decoration:none;color:var(--text)}.tabs a[aria-current]{color:var(--text);background:var(--hover);font-weight:600}' +
  '.primary{background:var(--link);border-color:var(--link);color:var(--page)}.primary:hover{background:var(--link);filter:brightness(1.1)}' +
  '.danger{color:var(--bad);border-color:currentColor}.plain{padding:0;border:0;text-align:start}.plain:hover{background:none;text-decoration:underline}' +
  'input[type=date]{font:inherit;color:inherit;background:var(--page);border:1px solid var(--edge);border-radius:6px;padding:.375rem .75rem}input[type=date]{height:2.375rem}' +
  'label{font-size:.875rem;color:var(--quiet)}.hint,.notice{font-size:.875rem;color:var(--quiet);margin:.75rem 0}' +
  '.notice{color:var(--warn)}.error{color:var(--bad)}' +
  // A dot and a word say the state.
  '.dot::before{content:"";display:inline-block;width:.5rem;height:.5rem;margin-inline-end:.5rem;border-radius:50%;background:currentColor;vertical-align:.06em}' +
  '.dot{white-space:nowrap}.active{color:var(--link)}.complete,.live{color:var(--good)}.paused{color:var(--quiet)}.broken,.revoked{color:var(--bad)}' +
  '.active.dot::before{animation:pulse 1.6s ease-in-out infinite}@keyframes pulse{50%{opacity:.3}}' +
  // Signing in.
  '.sign-in{max-width:24rem;margin:12vh auto 0}.sign-in h1{margin:0;font-size:1.75rem;line-height:1.25}.sign-in p{color:var(--quiet)}' +
  '.sign-in form{flex-direction:column;gap:.375rem;margin-top:1.5rem}.sign-in button{margin-top:.5rem}.sign-in .error{margin:0;font-size:.875rem;color:var(--bad)}' +
  // Filters.
  '.tools{display:flex;flex-wrap:wrap;gap:.75rem;align-items:end;margin-top:1.5rem}.tools form{flex:1 1 16rem;max-width:32rem}' +
  '.tools .query{flex:1 1 100%;max-width:none;flex-wrap:wrap;align-items:end;gap:.75rem}.field{display:flex;flex-direction:column;gap:.125rem}.wide{flex:1 1 14rem}' +
  'fieldset{display:flex;min-width:0;margin:0;padding:0;border:1px solid var(--edge);border-radius:6px;overflow:hidden}' +
  'fieldset label{position:relative;display:flex;font-size:1rem}fieldset input{position:absolute;inset:0;width:100%;opacity:0;margin:0;cursor:pointer}' +
  'fieldset span{padding:.375rem .75rem}fieldset label+label{border-inline-start:1px solid var(--line)}' +
  'fieldset :checked+span{background:var(--hover);color:var(--text);font-weight:600}fieldset :focus-visible+span{outline:2px solid var(--link);outline-offset:-2px;border-radius:5px}' +
  '.chip{display:inline-flex;gap:.5rem;align-items:center;max-width:100%;overflow-wrap:anywhere}.chip::after{content:"\\d7";color:var(--quiet)}' +
  '.status{display:flex;flex-wrap:wrap;gap:0 1.5rem;justify-content:space-between}.status p,.summary{margin:1.25rem 0 -.75rem;font-size:.875rem}.summary{color:var(--quiet);font-variant-numeric:tabular-nums}' +
  // Tables.
  '.list td{vertical-align:middle}.list td,.list th{padding-inline-end:1.25rem}.list td:last-child,.list th:last-child{padding-inline-end:1rem}.list th{color:var(--quiet)}' +
  '.list .key{min-width:14rem}.plain,.chip{white-space:normal}.key .plain{overflow-wrap:anywhere}.reader{display:block;font-size:.8125rem;color:var(--quiet)}.reader a,.reader button{color:inherit;font-size:inherit}' +
  '.num{text-align:end;font-variant-numeric:tabular-nums}td.num,td.seen,td.state,td.day{font-size:.875rem}td.num,td.seen{color:var(--quiet)}.list td.count{color:var(--text)}' +
  '.seen{text-align:end;font-variant-numeric:tabular-nums}.progress{min-width:9rem}.progress p{margin:0;font-size:.8125rem;line-height:1.3;color:var(--quiet);font-variant-numeric:tabular-nums}' +
  '.bar{height:6px;margin:.375rem 0 .25rem;border-radius:3px;background:var(--line);overflow:hidden}.bar div{height:100%;border-radius:3px;background:var(--edge);transition:width .3s}' +
  '.is-active .bar div{background:var(--link)}.is-complete .bar div,.amount .bar div{background:var(--good)}' +
  '.amount{min-width:9rem;text-align:end;font-variant-numeric:tabular-nums;font-size:.875rem}' +
  // Links.
  'section h2{display:flex;justify-content:space-between;gap:1rem}dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.5rem 2rem;margin:0;padding:1rem}dt{color:var(--quiet)}dd{margin:0;font-variant-numeric:tabular-nums}' +
  '.row{display:flex;flex-wrap:wrap;gap:.5rem;padding:0 1rem 1rem}' +
  'dialog{max-width:min(26rem,calc(100vw - 2rem));padding:1.5rem;border:1px solid var(--line);border-radius:10px;color:var(--text);background:var(--page);box-shadow:0 1rem 3rem #0004}' +
  'dialog h2{padding:0;border:0;background:none;font-size:1.125rem;overflow-wrap:anywhere}dialog p{color:var(--quiet)}dialog .row{justify-content:flex-end;padding:.5rem 0 0}::backdrop{background:#0007}' +
  // On a phone, each row is a card, and each value has the name of its column.
  '@media(max-width:52rem){.tabs{flex-basis:100%;order:1;margin-block-end:-.5rem}.list thead{position:absolute;overflow:hidden;width:1px;height:1px;clip-path:inset(50%)}' +
  'dl{grid-template-columns:minmax(0,1fr);gap:0}dd{margin-bottom:.5rem}.list,.list tbody{display:block}.list tr{display:grid;grid-template-columns:1fr auto;gap:.25rem 1rem;padding:.75rem 1rem}.list tr+tr{border-top:1px solid var(--line)}' +
  '.list td,.list td:first-child,.list td:last-child{display:block;width:auto;min-width:0;padding:0;border:0;text-align:start}.list .key,.list .progress,.list .amount{grid-column:1/-1}' +
  '.list td.seen,.list .amount{text-align:end}.list .state,.list .seen,.list .day{order:1}.list .progress,.list .amount{order:2}.list .num{order:3}.list .num:nth-child(2n){text-align:start}.list .num:nth-child(2n+1){text-align:end}' +
  '.list [data-label]::before{content:attr(data-label) " ";color:var(--quiet)}.none{visibility:hidden}.amount[data-label]::before{float:inline-start}}' +
  '@media(prefers-reduced-motion:reduce){.dot::before{animation:none!important}.bar div{transition:none}}' +
  '@media(forced-colors:active){.bar{border:1px solid}.bar div{background:Highlight!important}.dot::before{background:CanvasText}fieldset :checked+span{background:Highlight;color:HighlightText}}';

/** The SHA-256 of {@link TRANSFERS_STYLE} for Content-Security-Policy. A test compares them. */
export const TRANSFERS_STYLE_HASH = 'sha256-49rvy+dCjOL4Z+BVZJOaWUT64ESGrLg7tEmRaXPX05c=';

/**
 * The policy of the page of transfers: its own script, which talks to its own gateway alone. No form can send the token
 * into an address, and no text can become markup.
 */
export const TRANSFERS_POLICY =
  `default-src 'none'; style-src '${STYLE_HASH}' '${TRANSFERS_STYLE_HASH}'; script-src 'self'; connect-src 'self'; ` +
  `img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; ` +
  `require-trusted-types-for 'script'; trusted-types 'none'`;
