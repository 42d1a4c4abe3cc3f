// Defines `<rangeway-download>` where it is imported, if that is in a browser.
import { defineDownloadElement } from './element.ts';

export { defineDownloadElement, type ExpiredDetail } from './element.ts';

if (typeof customElements !== 'undefined') defineDownloadElement();
