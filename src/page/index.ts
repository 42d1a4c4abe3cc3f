// Defines `<rangeway-download>` where it is imported, if that is in a browser.
import { defineDownloadElement } from './element.ts';

export { defineDownloadElement, type DownloadElementOptions, type ExpiredDetail } from './element.ts';
export { serveStorage } from './storage-worker.ts';

if (typeof customElements !== 'undefined') defineDownloadElement();
