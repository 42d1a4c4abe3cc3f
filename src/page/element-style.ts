/** The style of the element, in the colours of listings. A sheet made by script needs no right of a page's policy. */
export const ELEMENT_STYLE = `
:host{display:block;--text:#1c2128;--quiet:#5c6773;--link:#0a58c2;--line:#e2e6ea;--edge:#868f99;--hover:#f4f6f8;--page:#fff;--warn:#8a4b00}
@media(prefers-color-scheme:dark){:host{--text:#e4e8ec;--quiet:#98a3af;--link:#80b9ff;--line:#2b323a;--edge:#6b7683;--hover:#1c2229;--page:#13171b;--warn:#f0b35a}}
*{box-sizing:border-box}
:host{font:100%/1.5 system-ui,sans-serif;color:var(--text);white-space:normal;text-align:start}
.card{padding:.875rem 1rem;border:1px solid var(--line);border-radius:8px;background:var(--page)}
.top{display:flex;gap:.75rem 1rem;align-items:center;justify-content:space-between;flex-wrap:wrap}
.title{min-width:0;flex:1 1 14rem;display:flex;flex-direction:column}
.name{align-self:flex-start;font-weight:600;overflow-wrap:anywhere}
.figures{font-size:.875rem;color:var(--quiet);font-variant-numeric:tabular-nums}
.actions{display:flex;gap:.5rem}
button,input{font:inherit;font-size:.9375rem;color:inherit;background:none;border:1px solid var(--edge);border-radius:6px;padding:.3125rem .75rem}
button{cursor:pointer}button:hover{background:var(--hover)}
.primary{background:var(--link);border-color:var(--link);color:var(--page)}.primary:hover{background:var(--link);filter:brightness(1.1)}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
.bar{height:6px;margin:.75rem 0 0;border-radius:3px;background:var(--line);overflow:hidden}
.bar div{height:100%;border-radius:3px;background:var(--link)}
.paused .bar div,.waiting .bar div,.expired .bar div,.failed .bar div{background:var(--edge)}
p{margin:.5rem 0 0;font-size:.875rem;color:var(--quiet);overflow-wrap:anywhere}p:empty{display:none}
.notice{color:var(--warn)}
form{display:flex;gap:.5rem;margin:.625rem 0 0}input{flex:1;min-width:0}::placeholder{color:var(--quiet);opacity:1}
a{color:var(--link);text-underline-offset:.2em}
@media(forced-colors:active){.bar{border:1px solid}.bar div{background:Highlight!important}.primary{forced-color-adjust:none}}
`;
