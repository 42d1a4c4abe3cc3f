/** The style of the pages, in as few bytes as it takes. */
export const STYLE =
  ':root{font:16px/1.5 system-ui,sans-serif;color:light-dark(#1b1f24,#e6e8eb);background:light-dark(#fff,#15181c)}' +
  'body{max-width:70rem;margin:0 auto;padding:1rem}' +
  'a{color:light-dark(#0550ae,#79b8ff);text-decoration:none}a:hover{text-decoration:underline}' +
  'a:focus-visible,button:focus-visible,input:focus-visible{outline:2px solid currentColor;outline-offset:2px}' +
  'header{display:flex;flex-wrap:wrap;gap:.5rem 2rem;justify-content:space-between;align-items:center}' +
  'ol{display:flex;flex-wrap:wrap;list-style:none;margin:0;padding:0;font-weight:600}' +
  'li+li::before{content:"/";margin:0 .4em;opacity:.6}' +
  'input,button{font:inherit;color:inherit;background:transparent;border:1px solid light-dark(#6e7781,#8b949e);border-radius:6px;padding:.2rem .6rem}' +
  'table{width:100%;border-collapse:collapse;margin:1rem 0}' +
  'th,td{text-align:start;padding:.35rem .75rem .35rem 0;border-bottom:1px solid light-dark(#d8dee4,#30363d)}' +
  'td.name{overflow-wrap:anywhere}.size,.date{white-space:nowrap;font-variant-numeric:tabular-nums}th.size,td.size{text-align:end}' +
  'th[aria-sort=ascending] a::after{content:" ↑"}th[aria-sort=descending] a::after{content:" ↓"}' +
  'pre{white-space:pre-wrap;overflow-wrap:anywhere;padding:1rem;border:1px solid light-dark(#d8dee4,#30363d);border-radius:6px}' +
  'footer{color:light-dark(#57606a,#9da7b1);font-size:.9rem}' +
  '.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}' +
  '@media(max-width:40rem){.date{display:none}}';

/** The SHA-256 of {@link STYLE} for Content-Security-Policy, which allows no other style. A test compares them. */
export const STYLE_HASH = 'sha256-ZJ+c9MkfNvwyJkTMohYJszPbyNp+kp3zsN+DLngIMNo=';

/** The fields of every page: nothing is loaded, and no other site may frame it. */
export const PAGE_POLICY = `default-src 'none'; style-src '${STYLE_HASH}'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;
