// The script of listings, which pages of other origins may load too: the element, and its buttons in listings. In a worker
// that it starts itself, it stores the bytes of a download.
import { defineDownloadElement } from './element.ts';
import { addToListing } from './listing-rows.ts';
import { serveStorage } from './storage-worker.ts';

// A page of another origin can't start a worker of this address.
const isOwn = new URL(import.meta.url).origin === location.origin;

if (typeof document === 'undefined') {
  serveStorage();
} else {
  const startWorker = isOwn ? () => new Worker(import.meta.url, { type: 'module' }) : undefined;
  defineDownloadElement({ startWorker });
  if (document.querySelector('meta[name=generator][content=rangeway]') !== null) addToListing();
}
