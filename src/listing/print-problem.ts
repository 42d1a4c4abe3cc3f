import { html } from 'hono/html';
import { pageHead } from './page-head.ts';

/** The values of a page for an error. */
export interface ProblemPage {
  readonly status: number;
  readonly title: string;
  /** A sentence for the client. */
  readonly detail: string;
  /** The id of the log entry that has the cause. */
  readonly requestId: string;
}

/** Prints the page of an error, with the same values as its problem document. */
export function printProblem({ status, title, detail, requestId }: ProblemPage): string {
  const page = html`<!doctype html>
    <html lang="en">
      ${pageHead(title)}
      <body class="problem">
        <main>
          <p class="status">${status}</p>
          <h1>${title}</h1>
          <p>${detail}</p>
        </main>
        <footer>Request ${requestId}</footer>
      </body>
    </html> `;
  // The templates return a promise only for values that are one.
  return page instanceof Promise ? '' : page.toString();
}
