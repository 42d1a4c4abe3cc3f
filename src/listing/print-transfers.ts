import { html } from 'hono/html';
import { pageHead } from './page-head.ts';
import { TRANSFERS_STYLE } from './transfers-style.ts';

const NO_SCRIPT = 'The transfers are shown by a script, which this browser does not run.';
const OFF = 'This gateway keeps no transfers. The setting “transfers” turns them on.';

/**
 * Prints the page of transfers: the frame that its script fills. It has no form, because a form that is sent before the
 * script runs would have the token in its address.
 *
 * @param script the address of the script; `undefined` if the gateway keeps no transfers
 */
export function printTransfersPage(script: string | undefined): string {
  const page = html`<!doctype html>
    <html lang="en">
      ${pageHead('Transfers', script, TRANSFERS_STYLE)}
      <body>
        <div id="app">
          <main class="sign-in">
            <h1>Transfers</h1>
            ${script === undefined ? html`<p>${OFF}</p>` : html`<noscript><p>${NO_SCRIPT}</p></noscript>`}
          </main>
        </div>
      </body>
    </html> `;
  // The templates return a promise only for values that are one.
  return page instanceof Promise ? '' : page.toString().replaceAll(/\n\s*/g, ' ');
}
