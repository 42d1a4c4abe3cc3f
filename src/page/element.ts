import { createElement as h, render } from 'hono/jsx/dom';
import { downloadController, type Controller } from './controller.ts';
import { ELEMENT_STYLE } from './element-style.ts';
import { runDownload } from './run-download.ts';
import { fileNameOf } from './save-file.ts';
import { downloadView } from './view.ts';

/** The name of the element. */
export const ELEMENT_NAME = 'rangeway-download';

/** The detail of the event `rangeway-expired`, which the element sends when the server refuses its link. */
export interface ExpiredDetail {
  /** Continues with a fresh link of the same file. */
  readonly renew: (url: string) => void;
}

/** How elements run their downloads. */
export interface DownloadElementOptions {
  /**
   * Starts a worker whose module calls `serveStorage()`. It stores the bytes of a download, faster than a page can.
   * Without it, or where the browser refuses it, the page stores them.
   */
  readonly startWorker?: (() => Worker) | undefined;
}

/** Stores the bytes of downloads that begin from now on. */
let startStorage: (() => Worker) | undefined;

/**
 * Defines the element `<rangeway-download href="…">`, once. A later call with `startWorker` changes which worker later
 * downloads have. The attribute `name` is the name of the file, by default the last segment of the address. The content
 * of an element is shown where no script runs, so put the plain link there.
 */
export function defineDownloadElement({ startWorker }: DownloadElementOptions = {}): void {
  if (startWorker !== undefined) startStorage = startWorker;
  if (customElements.get(ELEMENT_NAME) === undefined) customElements.define(ELEMENT_NAME, downloadElement());
}

/** The class is made here, because servers that import this file have no HTMLElement. */
function downloadElement(): CustomElementConstructor {
  return class extends HTMLElement {
    #controller: Controller | undefined;

    connectedCallback(): void {
      if (this.#controller !== undefined) return;
      const url = URL.parse(this.getAttribute('href') ?? '', document.baseURI);
      // The content of the element, a plain link, stays visible.
      if (url === null || !/^https?:$/.test(url.protocol)) return;
      url.hash = '';
      const name = this.getAttribute('name') ?? fileNameOf(url.href);
      const controller = downloadController({
        url: url.href,
        name,
        runDownload: (request) => runDownload({ ...request, startWorker: startStorage }),
        onExpired: () => this.#announceExpiry(),
      });
      this.#controller = controller;
      const root = this.attachShadow({ mode: 'open' });
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(ELEMENT_STYLE);
      root.adoptedStyleSheets = [sheet];
      const container = root.appendChild(document.createElement('div'));
      render(h(downloadView(controller, url.href), {}), container);
      void this.#begin(controller);
    }

    async #begin(controller: Controller): Promise<void> {
      await controller.load();
      const { status } = controller.state();
      if (this.hasAttribute('autostart') && (status === 'idle' || status === 'paused')) await controller.start();
    }

    #announceExpiry(): void {
      const detail: ExpiredDetail = { renew: (url) => this.#controller?.renew(url) };
      this.dispatchEvent(new CustomEvent('rangeway-expired', { detail, bubbles: true, composed: true }));
    }
  };
}
