import { createElement as h } from 'hono/jsx/dom';
import { printSize } from '../../base/page-text.ts';
import type { ListedTransfer } from '../../client/watched-transfers.ts';
import { bar, isolated, type Node } from './elements.ts';
import { agoOf, pathOf, percentOf, progressText, readerOf } from './text.ts';

/** The actions of a row. */
export interface TableActions {
  /** Shows the transfers of the same object alone. */
  readonly onKey: (transfer: ListedTransfer) => void;
  /** Shows the transfers of the same reader alone. */
  readonly onReader: (transfer: ListedTransfer) => void;
  /** Returns bytes a second; `undefined` if it is not known. */
  readonly rate: (id: string) => number | undefined;
}

/** Headings, and the class of each column. */
const COLUMNS = [
  ['Key', 'key'],
  ['State', 'state'],
  ['Progress', 'progress'],
  ['Sent', 'num sent'],
  ['Rate', 'num'],
  ['Connections', 'num'],
  ['Last seen', 'seen'],
] as const;

/**
 * Shows transfers as a table. Its roles are written out, because rows are laid out as cards on a phone, and browsers
 * take the role from a table whose layout is another.
 *
 * @param now wall clock, ms since the epoch
 */
export function transferTable(transfers: readonly ListedTransfer[], now: number, actions: TableActions): Node {
  const headings = COLUMNS.map(([label, name]) =>
    h('th', { scope: 'col', role: 'columnheader', class: name, key: label }, label),
  );
  return h(
    'table',
    { class: 'list', role: 'table', 'aria-label': 'Transfers' },
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, ...headings)),
    h('tbody', { role: 'rowgroup' }, ...transfers.map((transfer) => row(transfer, now, actions))),
  );
}

function cell(attributes: Readonly<Record<string, string>>, ...children: readonly (Node | string)[]): Node {
  return h('td', { role: 'cell', ...attributes }, ...children);
}

function row(transfer: ListedTransfer, now: number, actions: TableActions): Node {
  const { id, state, bytesSent, size, connections, lastSeen } = transfer;
  const rate = state === 'active' ? actions.rate(id) : undefined;
  const percent = percentOf(transfer);
  return h(
    'tr',
    { key: id, role: 'row', class: `is-${state}`, 'data-id': id },
    cell({ class: 'key' }, keyButton(transfer, actions), reader(transfer, actions)),
    cell({ class: 'state' }, h('span', { class: `dot ${state}` }, state)),
    cell(
      { class: 'progress' },
      bar(percent),
      h('p', {}, progressText(transfer), size === undefined ? '' : ` of ${printSize(size)}`),
    ),
    cell({ class: 'num sent', 'data-label': 'Sent', title: `${bytesSent} bytes` }, printSize(bytesSent)),
    cell(
      { class: rate === undefined ? 'num none' : 'num', 'data-label': 'Rate' },
      rate === undefined ? '–' : `${printSize(rate)}/s`,
    ),
    cell({ class: 'num', 'data-label': 'Connections' }, connections === undefined ? '' : String(connections)),
    cell({ class: 'seen' }, h('time', { datetime: lastSeen, title: lastSeen }, agoOf(lastSeen, now))),
  );
}

function keyButton(transfer: ListedTransfer, { onKey }: TableActions): Node {
  const title = 'Shows the transfers of this object alone';
  return h(
    'button',
    { type: 'button', class: 'plain', title, onClick: () => onKey(transfer) },
    isolated(pathOf(transfer)),
  );
}

function reader(transfer: ListedTransfer, { onReader }: TableActions): Node {
  const name = transfer.reader;
  const label = isolated(readerOf(name));
  const attributes = { type: 'button', class: 'plain', title: name, onClick: () => onReader(transfer) };
  const link = /^link:(.+)$/s.exec(name)?.[1];
  return h(
    'span',
    { class: 'reader' },
    h('button', attributes, label),
    link === undefined
      ? null
      : h(
          'span',
          {},
          ' · ',
          h('a', { href: `#links/${encodeURIComponent(link)}`, 'aria-label': `Manage the link ${link}` }, 'Manage'),
        ),
  );
}
