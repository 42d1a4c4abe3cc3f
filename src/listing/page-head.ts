import { html, raw } from 'hono/html';
import { STYLE } from './style.ts';

/**
 * Prints the head of every page. The style has no white space around it, because the policy allows its exact text. The
 * icon is empty, because a browser would ask for `/favicon.ico` otherwise, which costs operations of the storage.
 *
 * @param script the address of the script, if the page has one
 * @param style of this page alone, which its policy has to allow
 */
export function pageHead(title: string, script?: string, style = ''): ReturnType<typeof html> {
  return html`<head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width" />
    <meta name="color-scheme" content="light dark" />
    <link rel="icon" href="data:," />
    <title>${title}</title>
    ${raw(`<style>${STYLE}</style>`)} ${style === '' ? '' : raw(`<style>${style}</style>`)}
    ${
      script === undefined
        ? ''
        : html`<meta name="generator" content="rangeway" />
            <script type="module" src="${script}"></script>`
    }
  </head>`;
}
