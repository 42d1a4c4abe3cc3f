/** The style of the pages, in as few bytes as it takes. */
export const STYLE =
  // Colours. Each text has a contrast of at least 4.5 with the page (WCAG 2.2, 1.4.3), the edges of fields 3 (1.4.11).
  ':root{color-scheme:light dark;--text:#1c2128;--quiet:#5c6773;--link:#0a58c2;--line:#e2e6ea;--edge:#868f99;--hover:#f4f6f8;--page:#fff}' +
  '@media(prefers-color-scheme:dark){:root{--text:#e4e8ec;--quiet:#98a3af;--link:#80b9ff;--line:#2b323a;--edge:#6b7683;--hover:#1c2229;--page:#13171b}}' +
  '*{box-sizing:border-box}' +
  'html{font:100%/1.5 system-ui,sans-serif;color:var(--text);background:var(--page);-webkit-text-size-adjust:100%}' +
  'body{max-width:64rem;margin:0 auto;padding:2rem 1.5rem}' +
  'a{color:var(--link);text-decoration:none;text-underline-offset:.2em}a:hover{text-decoration:underline}' +
  ':focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:4px}' +
  // The path, and the search beside it.
  'header{display:flex;flex-wrap:wrap;gap:1rem 2rem;align-items:center;justify-content:space-between}' +
  'ol{display:flex;flex-wrap:wrap;list-style:none;margin:0;padding:0;font-size:1.25rem;font-weight:600;overflow-wrap:anywhere}' +
  'li+li::before{content:"/";margin:0 .4em;color:var(--quiet);font-weight:400}' +
  '.top li:nth-child(2)::before{content:""}' +
  'form{display:flex;gap:.5rem;flex:0 1 22rem;min-width:0}' +
  'input,button,.button{font:inherit;color:inherit;background:none;border:1px solid var(--edge);border-radius:6px;padding:.375rem .75rem}' +
  'input{width:100%;min-width:0}::placeholder{color:var(--quiet);opacity:1}' +
  'button:hover,.button:hover{background:var(--hover);text-decoration:none}button{cursor:pointer}' +
  // The table.
  'table,section{width:100%;margin:1.5rem 0;border:1px solid var(--line);border-radius:8px}' +
  'table{border-collapse:separate;border-spacing:0}' +
  'th,td{padding:.5rem 1rem .5rem 0;text-align:start;white-space:nowrap}' +
  'td{border-top:1px solid var(--line);vertical-align:baseline}' +
  'th{font-size:.875rem;font-weight:500}th a{color:var(--quiet)}th[aria-sort] a{color:var(--text)}' +
  'th[aria-sort=ascending] a::after{content:" \\2191"}th[aria-sort=descending] a::after{content:" \\2193"}' +
  'th:first-child,td:first-child{width:100%;padding-inline-start:1rem;white-space:normal;overflow-wrap:anywhere}' +
  'tbody tr:hover{background:var(--hover)}' +
  'tbody tr:last-child td:first-child{border-end-start-radius:8px}tbody tr:last-child td:last-child{border-end-end-radius:8px}' +
  '.size,.date{text-align:end;font-variant-numeric:tabular-nums}td.size,td.date{font-size:.875rem;color:var(--quiet)}' +
  // Icons are masks over a colour, so that they follow the scheme.
  'td.name a,td.up a{display:block;position:relative;padding-inline-start:1.75rem}' +
  'td.name a::before,td.up a::before,td.save a::before,td.save button::before{content:"";width:1.125rem;height:1.125rem;background:var(--quiet);mask:var(--icon) center/contain no-repeat}' +
  'td.name a::before,td.up a::before{position:absolute;inset-inline-start:0;top:.1875rem}' +
  'td.save{padding-block:0;vertical-align:top}td.save a,td.save button{display:inline-block;vertical-align:top;font-size:0;padding:.6875rem;margin:0 -.6875rem 0 0;border:0}' +
  'td.save a::before,td.save button::before{display:block}td.save :hover::before{background:var(--link)}td.save button:hover{background:none}.download td{padding:0 1rem 1rem;border:0}' +
  `td.name{--icon:${icon('M4.5 2h6l3.5 3.5V16h-9.5zM10.25 2v3.75H14')}}` +
  `.folder td.name{--icon:${icon('M2 4h4.75L8.5 6H16v8.5H2z')}}` +
  `td.up{--icon:${icon('M14 15V9.5H4.5m3.75-4L4.25 9.5l4 4')}}` +
  `td.save{--icon:${icon('M9 2.5v8.75M5.5 8 9 11.5 12.5 8M3 15.25h12')}}` +
  `td.save button{--icon:${icon('M15.25 9a6.25 6.25 0 1 1-1.9-4.5M13.75 1.5v3.25H10.5M9 6.25v5M6.75 9.25 9 11.5l2.25-2.25')}}` +
  // Below the table.
  '.pages{display:flex;gap:.5rem;margin:1.5rem 0}' +
  'section{overflow:hidden}h2{margin:0;padding:.5rem 1rem;font-size:.875rem;font-weight:600;border-bottom:1px solid var(--line);background:var(--hover)}' +
  'pre{margin:0;padding:1rem;font:.875rem/1.6 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere}' +
  '.empty{padding:2.5rem 1rem;color:var(--quiet);text-align:center;border:1px solid var(--line);border-radius:8px}' +
  'footer{color:var(--quiet);font-size:.875rem}' +
  '.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}' +
  // The page of an error.
  '.problem{max-width:36rem;padding-top:12vh}.problem h1{margin:0;font-size:1.75rem;line-height:1.25}' +
  '.problem p{margin:.5rem 0 2rem;overflow-wrap:anywhere}.problem .status{margin:0;font-size:.875rem;font-weight:600;color:var(--quiet)}' +
  '@media(max-width:40rem){body{padding:1.25rem 1rem}.date{display:none}form{flex-basis:100%}}' +
  '@media(forced-colors:active){td a::before,td button::before{background:LinkText!important}}';

/** Draws an icon of 18 by 18 units as lines along a path of SVG. */
function icon(path: string): string {
  const line = "fill='none' stroke='%23000' stroke-width='1.5' stroke-linejoin='round' stroke-linecap='round'";
  return `url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 18 18' ${line}%3E%3Cpath d='${path}'/%3E%3C/svg%3E")`;
}

/** The SHA-256 of {@link STYLE} for Content-Security-Policy, which allows no other style. A test compares them. */
export const STYLE_HASH = 'sha256-JmCs2mFGdSv9jwOmf/BfSB3C7eYP21pnuSd3UHmPfCA=';

/** The fields of every page: it loads nothing but the pictures of its own text, and no other site may frame it. */
export const PAGE_POLICY = `default-src 'none'; style-src '${STYLE_HASH}'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;

/**
 * The policy of pages with the script of resumable downloads, which reads objects, and the storage that the gateway
 * redirects to.
 */
export const SCRIPT_POLICY = `${PAGE_POLICY}; script-src 'self'; connect-src 'self' https:`;
