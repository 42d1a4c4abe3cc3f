import { createElement as h, useEffect, useState } from 'hono/jsx/dom';
import { printSize } from '../../base/page-text.ts';
import { bar, isolated, textOf, type Node, type ViewProps } from './elements.ts';
import { countedOf, pathOf } from './text.ts';

/** The most rows that are shown. */
const LIMIT = 200;

/** By default, the counts of so many days are shown. */
const DAYS = 30;

/** The counts of one object on one day. */
interface DayCounts {
  readonly mount: string;
  readonly key: string;
  readonly day: string;
  readonly complete: number;
  readonly started: number;
  readonly redirected: number;
  readonly bytes: number;
  readonly readers: number;
}

/** Rows of counts, and whether there are more of them. */
interface Counts {
  readonly rows: readonly DayCounts[];
  readonly isTruncated: boolean;
}

function isCounts(value: unknown): value is DayCounts {
  if (typeof value !== 'object' || value === null) return false;
  const has = (type: string) => (name: string) => typeof Reflect.get(value, name) === type;
  return (
    ['mount', 'key', 'day'].every(has('string')) &&
    ['complete', 'started', 'redirected', 'bytes', 'readers'].every(has('number'))
  );
}

/** Shows how often objects were downloaded, for each key and day. */
export function downloadsView({ api, onFailure }: ViewProps): Node {
  const [counts, setCounts] = useState<Counts | undefined>(undefined);
  const [error, setError] = useState('');
  const show = async (query: URLSearchParams) => {
    query.set('limit', String(LIMIT));
    const result = await api.read(`downloads?${query}`);
    if (result.type === 'failed') {
      setError(result.sentence);
      return onFailure(result);
    }
    const { downloads, truncated }: { downloads?: unknown; truncated?: unknown } = Object(result.value);
    const rows = Array.isArray(downloads) ? downloads.filter(isCounts) : [];
    setError('');
    setCounts({ rows, isTruncated: truncated === true });
  };
  useEffect(() => void show(new URLSearchParams()), [api]);
  return h(
    'div',
    {},
    queryForm((query) => void show(query)),
    error === '' ? null : h('p', { class: 'notice', role: 'alert' }, error),
    h('p', { class: 'summary', role: 'status' }, counts === undefined ? '' : summary(counts)),
    counts === undefined || counts.rows.length === 0 ? null : table(counts.rows),
    h('footer', {}, 'Days are those of UTC. A download of several days counts on the last of them.'),
  );
}

/** Returns the day so many days ago, in UTC. */
function dayBefore(days: number): string {
  return new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
}

function queryForm(show: (query: URLSearchParams) => void): Node {
  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault();
    const query = new URLSearchParams();
    const name = textOf(event.target, 'name');
    if (name !== '') query.set(textOf(event.target, 'kind'), name);
    for (const end of ['from', 'to']) {
      const day = textOf(event.target, end);
      if (day !== '') query.set(end, day);
    }
    show(query);
  };
  return h(
    'div',
    { class: 'tools' },
    h(
      'form',
      { class: 'query', onSubmit },
      h(
        'fieldset',
        {},
        h('legend', { class: 'hidden' }, 'Keys'),
        kind('prefix', 'Prefix', true),
        kind('key', 'Key', false),
      ),
      h(
        'div',
        { class: 'field wide' },
        h('label', { for: 'name' }, 'Of keys'),
        h('input', { type: 'search', id: 'name', name: 'name', placeholder: 'All keys', dir: 'auto' }),
      ),
      dayField('from', 'From', DAYS - 1),
      dayField('to', 'To', 0),
      h('button', {}, 'Show'),
    ),
  );
}

function kind(value: string, label: string, isChecked: boolean): Node {
  return h('label', {}, h('input', { type: 'radio', name: 'kind', value, checked: isChecked }), h('span', {}, label));
}

/** A field for a day, by default so many days ago. */
function dayField(name: string, label: string, days: number): Node {
  const input = h('input', { type: 'date', id: name, name, value: dayBefore(days) });
  return h('div', { class: 'field' }, h('label', { for: name }, label), input);
}

function summary({ rows, isTruncated }: Counts): string {
  if (rows.length === 0) return 'No downloads of these keys on these days.';
  const sum = (name: 'complete' | 'started' | 'bytes') => rows.reduce((total, row) => total + row[name], 0);
  const all = `${countedOf(sum('complete'), 'complete download')}, ${sum('started').toLocaleString('en')} begun, ${printSize(sum('bytes'))} sent`;
  return isTruncated ? `The first ${LIMIT} rows: ${all}. For the others, choose fewer keys or days.` : `${all}.`;
}

function cell(label: string, text: string): Node {
  return h('td', { role: 'cell', class: 'num', 'data-label': label }, text);
}

function table(rows: readonly DayCounts[]): Node {
  const largest = Math.max(1, ...rows.map(({ complete }) => complete));
  const hasRedirects = rows.some(({ redirected }) => redirected > 0);
  const headings = [
    ['Key', 'key'],
    ['Day', 'day'],
    ['Complete', 'amount'],
    ['Begun', 'num'],
    ['Readers', 'num'],
    ['Sent', 'num'],
    ...(hasRedirects ? [['Redirected', 'num']] : []),
  ].map(([label = '', name = '']) => h('th', { scope: 'col', role: 'columnheader', class: name, key: label }, label));
  const body = rows.map((row) =>
    h(
      'tr',
      { role: 'row', key: `${row.mount} ${row.key} ${row.day}` },
      h('td', { role: 'cell', class: 'key' }, isolated(pathOf(row))),
      h('td', { role: 'cell', class: 'day' }, row.day),
      h(
        'td',
        { role: 'cell', class: 'amount', 'data-label': 'Complete' },
        row.complete.toLocaleString('en'),
        bar((row.complete / largest) * 100),
      ),
      cell('Begun', row.started.toLocaleString('en')),
      cell('Readers', row.readers.toLocaleString('en')),
      cell('Sent', printSize(row.bytes)),
      hasRedirects ? cell('Redirected', row.redirected.toLocaleString('en')) : null,
    ),
  );
  return h(
    'table',
    { class: 'list', role: 'table', 'aria-label': 'Downloads of each key and day' },
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, ...headings)),
    h('tbody', { role: 'rowgroup' }, ...body),
  );
}
