// The script of listings, which pages of other origins may load too: the element, and its buttons in listings. It starts
// no worker: there, Chromium stops reading responses of large files now and then (decision 0037).
import { defineDownloadElement } from './element.ts';
import { addToListing } from './listing-rows.ts';

defineDownloadElement();
if (document.querySelector('meta[name=generator][content=rangeway]') !== null) addToListing();
