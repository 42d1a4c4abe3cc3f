import { html, raw } from 'hono/html';
import { STYLE } from './style.ts';

/** Prints the head of every page. The style has no white space around it, because the policy allows its exact text. */
export function pageHead(title: string): ReturnType<typeof html> {
  return html`<head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width" />
    <meta name="color-scheme" content="light dark" />
    <title>${title}</title>
    ${raw(`<style>${STYLE}</style>`)}
  </head>`;
}
