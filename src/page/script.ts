// The script of listings, which pages of other origins may load too: the element, and its buttons in listings. As the
// module of a worker, it runs a download there.
import { defineDownloadElement } from './element.ts';
import { addToListing } from './listing-rows.ts';
import { serveDownloads } from './run-in-worker.ts';

if (typeof document === 'undefined') {
  serveDownloads();
} else {
  // Not in a worker: there, Chromium stops reading responses of large files now and then (decision 0037).
  defineDownloadElement();
  if (document.querySelector('meta[name=generator][content=rangeway]') !== null) addToListing();
}
