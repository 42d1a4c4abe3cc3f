import { createElement as h, useEffect, useState } from 'hono/jsx/dom';
import { printSize } from '../../base/page-text.ts';
import { listedTransfers, type ListedTransfer } from '../../client/watched-transfers.ts';
import { isolated, textOf, type Node, type ViewProps } from './elements.ts';
import type { ApiFailure, GatewayApi } from './gateway-api.ts';
import { liveTransfers, type LiveState, type LiveTransfers } from './live-transfers.ts';
import { countedOf, readerOf } from './text.ts';
import { transferTable } from './transfer-table.ts';

/** Transfers of a page. */
const PAGE = '100';

const STATES = ['', 'active', 'paused', 'complete'] as const;

/** Selects transfers, by the parameters of the API. */
type Filter = Readonly<Partial<Record<'mount' | 'key' | 'state' | 'reader', string>>>;

/** A page behind the first one, which does not change by itself. */
interface OlderPage {
  readonly transfers: readonly ListedTransfer[];
  /** Of the next page; `undefined` on the last one. */
  readonly cursor: string | undefined;
}

function queryOf(filter: Filter, cursor?: string): URLSearchParams {
  const present = Object.entries({ ...filter, cursor, limit: PAGE }).filter(([, value]) => value);
  return new URLSearchParams(present.map(([name, value = '']) => [name, value]));
}

/** Shows the transfers of the gateway: the newest ones as they change, and older ones by pages. */
export function transfersView({ api, onFailure }: ViewProps): Node {
  const [filter, setFilter] = useState<Filter>({});
  const [older, setOlder] = useState<OlderPage | undefined>(undefined);
  const [failure, setFailure] = useState<ApiFailure | undefined>(undefined);
  const { live, state } = useLive(api, filter, onFailure);
  const now = useSecond();

  const choose = (change: Filter) => {
    setFilter({ ...filter, ...change });
    setOlder(undefined);
    setFailure(undefined);
  };
  const readOlder = async () => {
    const found = await readPageAfter(api, filter, older?.cursor);
    if ('type' in found) {
      setFailure(found);
      onFailure(found);
    } else setOlder(found);
  };
  const shown = older?.transfers ?? state.transfers;
  const hasOlder = older === undefined ? shown?.length === Number(PAGE) : older.cursor !== undefined;
  const actions = {
    onKey: ({ mount, key }: ListedTransfer) => choose({ mount, key }),
    onReader: ({ reader }: ListedTransfer) => choose({ reader }),
    rate: (id: string) => (older === undefined ? live?.rate(id) : undefined),
  };
  return h(
    'div',
    {},
    filters(filter, choose),
    h(
      'div',
      { class: 'status' },
      h('p', { class: 'summary' }, shown === undefined ? '' : summary(shown, hasOlder || older !== undefined)),
      h('p', { class: `dot ${state.connection}`, role: 'status' }, connectionText(state, older !== undefined)),
    ),
    sentence(failure ?? state.failure),
    shown === undefined || shown.length === 0 ? empty(state, filter, choose) : transferTable(shown, now, actions),
    h(
      'nav',
      { class: 'pages', 'aria-label': 'Pages' },
      older === undefined ? null : h('button', { type: 'button', onClick: () => setOlder(undefined) }, 'Newest'),
      hasOlder ? h('button', { type: 'button', onClick: () => void readOlder() }, 'Older') : null,
    ),
    h('footer', {}, 'Bytes count when a request ends, so a download over one connection has its progress at its end.'),
  );
}

const CONNECTING: LiveState = { connection: 'connecting', transfers: undefined, failure: undefined };

/** Opens the list of a filter, and closes that of the filter before. */
function useLive(
  api: GatewayApi,
  filter: Filter,
  onFailure: (failure: ApiFailure) => void,
): { readonly live: LiveTransfers | undefined; readonly state: LiveState } {
  const [live, setLive] = useState<LiveTransfers | undefined>(undefined);
  const [state, setState] = useState<LiveState>(CONNECTING);
  useEffect(() => {
    const opened = liveTransfers(api, queryOf(filter));
    const listener = () => {
      const present = opened.state();
      setState(present);
      if (present.connection === 'refused' && present.failure !== undefined) onFailure(present.failure);
    };
    const unsubscribe = opened.subscribe(listener);
    setLive(opened);
    setState(CONNECTING);
    return () => {
      unsubscribe();
      opened.close();
    };
  }, [api, queryOf(filter).toString()]);
  return { live, state };
}

/** Returns the time, and has the component drawn again each second while the tab is seen. */
function useSecond(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) setNow(Date.now());
    }, 1_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** @param cursor of the page before; `undefined` if that is the first one */
async function readPageAfter(
  api: GatewayApi,
  filter: Filter,
  cursor: string | undefined,
): Promise<OlderPage | ApiFailure> {
  const first = cursor === undefined ? await readPage(api, filter, undefined) : undefined;
  if (first !== undefined && ('type' in first || first.cursor === undefined)) return first;
  return readPage(api, filter, cursor ?? first?.cursor);
}

async function readPage(api: GatewayApi, filter: Filter, cursor: string | undefined): Promise<OlderPage | ApiFailure> {
  const result = await api.read(`transfers?${queryOf(filter, cursor)}`);
  if (result.type === 'failed') return result;
  const { transfers, cursor: next }: { transfers?: unknown; cursor?: unknown } = Object(result.value);
  return { transfers: listedTransfers(transfers), cursor: typeof next === 'string' ? next : undefined };
}

function filters(filter: Filter, choose: (change: Filter) => void): Node {
  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault();
    choose({ key: textOf(event.target, 'key'), mount: '' });
  };
  const radios = STATES.map((state) =>
    h(
      'label',
      { key: state },
      h('input', {
        type: 'radio',
        name: 'state',
        value: state,
        checked: (filter.state ?? '') === state,
        onChange: () => choose({ state }),
      }),
      h('span', {}, state === '' ? 'All' : `${state[0]?.toUpperCase()}${state.slice(1)}`),
    ),
  );
  return h(
    'div',
    { class: 'tools' },
    h('fieldset', {}, h('legend', { class: 'hidden' }, 'State'), ...radios),
    h(
      'form',
      { role: 'search', onSubmit },
      h('input', {
        type: 'search',
        name: 'key',
        value: filter.key ?? '',
        placeholder: 'The whole key …',
        'aria-label': 'The whole key',
        dir: 'auto',
      }),
      h('button', {}, 'Filter'),
    ),
    ...chips(filter, choose),
  );
}

function chips({ mount = '', reader = '' }: Filter, choose: (change: Filter) => void): readonly Node[] {
  const chip = (label: string, text: string, change: Filter) =>
    h(
      'button',
      {
        type: 'button',
        class: 'chip',
        key: label,
        'aria-label': `Remove the filter ${label} ${text}`,
        onClick: () => choose(change),
      },
      h('span', {}, `${label} `, isolated(text)),
    );
  return [
    ...(mount === '' ? [] : [chip('Mount', mount, { mount: '' })]),
    ...(reader === '' ? [] : [chip('Reader', readerOf(reader), { reader: '' })]),
  ];
}

function summary(transfers: readonly ListedTransfer[], isPart: boolean): string {
  const count = (state: string) => transfers.filter((transfer) => transfer.state === state).length;
  const bytes = transfers.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
  const states = STATES.slice(1).map((state) => `${count(state)} ${state}`);
  const where = isPart ? ' on this page' : '';
  return `${countedOf(transfers.length, 'transfer')}${where}: ${states.join(', ')}. ${printSize(bytes)} sent.`;
}

function connectionText({ connection }: LiveState, isOlder: boolean): string {
  if (isOlder) return 'Older transfers, not live';
  switch (connection) {
    case 'connecting':
      return 'Connecting …';
    case 'live':
      return 'Live';
    case 'hidden':
      return 'Paused while the tab is hidden';
    case 'broken':
      return 'Connection lost, trying again …';
    case 'refused':
      return 'Not live';
  }
}

function sentence(failure: ApiFailure | undefined): Node | null {
  if (failure === undefined) return null;
  return h('p', { class: 'notice', role: 'alert' }, failure.sentence);
}

function empty(state: LiveState, filter: Filter, choose: (change: Filter) => void): Node | null {
  if (state.transfers === undefined) return null;
  const isFiltered = Object.values(filter).some((value) => value !== '');
  return h(
    'div',
    { class: 'empty' },
    h('p', {}, isFiltered ? 'No transfer fits the filter.' : 'No transfers yet. Downloads appear here as they begin.'),
    isFiltered
      ? h(
          'button',
          { type: 'button', onClick: () => choose({ mount: '', key: '', state: '', reader: '' }) },
          'Show all',
        )
      : null,
  );
}
