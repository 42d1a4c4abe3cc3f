import { ELEMENT_NAME } from './element.ts';
import { findRecord, recordId } from './records.ts';

/** Adds *Resumable download* to each file of a listing. Downloads of an earlier visit are shown at once. */
export function addToListing(): void {
  for (const link of document.querySelectorAll<HTMLAnchorElement>('td.save a[download]')) {
    const row = link.closest('tr');
    if (row === null) continue;
    const name = row.querySelector('bdi')?.textContent ?? '';
    const button = document.createElement('button');
    button.type = 'button';
    button.title = 'Resumable download';
    button.setAttribute('aria-label', `Resumable download of ${name}`);
    link.title = 'Download';
    button.addEventListener('click', () => showDownload(row, link.href, true), { once: true });
    link.before(button);
    findRecord(recordId(link.href)).then(
      (record) => void (record !== undefined && showDownload(row, link.href, false)),
      () => undefined,
    );
  }
}

function showDownload(row: HTMLTableRowElement, href: string, isStarted: boolean): void {
  if (row.nextElementSibling?.classList.contains('download') === true) return;
  const element = document.createElement(ELEMENT_NAME);
  element.setAttribute('href', href);
  if (isStarted) element.setAttribute('autostart', '');
  const added = document.createElement('tr');
  added.className = 'download';
  const cell = added.appendChild(document.createElement('td'));
  cell.colSpan = 4;
  cell.append(element);
  row.after(added);
}
