import { createElement as h, useSyncExternalStore } from 'hono/jsx/dom';
import { printSize, visible } from '../base/page-text.ts';
import type { Controller } from './controller.ts';
import type { DownloadState, Status } from './download-state.ts';

type Node = ReturnType<typeof h>;

/**
 * Makes the component that shows a download: its name, what can be done, how far it is, and the sentences for the user.
 *
 * @param href the plain address, for the link that is left if a download can't be continued
 */
export function downloadView(controller: Controller, href: string): () => Node {
  return () => {
    const state = useSyncExternalStore((listener) => controller.subscribe(listener), controller.state);
    return card(controller, { ...state, name: visible(state.name) }, href);
  };
}

function card(controller: Controller, state: DownloadState, href: string): Node {
  const { status, name, notices } = state;
  return h(
    'div',
    { class: `card ${status}` },
    h(
      'div',
      { class: 'top' },
      h(
        'div',
        { class: 'title' },
        h('bdi', { class: 'name', title: name }, name),
        h('span', { class: 'figures' }, figures(state)),
      ),
      h('div', { class: 'actions' }, ...actions(controller, state)),
    ),
    hasBar(state) ? bar(state) : null,
    h('p', { role: 'status', class: 'status' }, sentence(state)),
    ...notices.map((text) => h('p', { class: 'notice', key: text }, text)),
    status === 'expired' ? renewForm(controller) : null,
    needsPlainLink(state)
      ? h('p', { class: 'plain' }, h('a', { href, download: '' }, 'Download without resuming'))
      : null,
  );
}

function button(label: string, name: string, onClick: () => unknown, isPrimary = false): Node {
  const attributes = { type: 'button', class: isPrimary ? 'primary' : '', 'aria-label': `${label} ${name}` };
  return h('button', { ...attributes, key: label, onClick: () => void onClick() }, label);
}

function actions(controller: Controller, { status, name, isStored }: DownloadState): readonly Node[] {
  switch (status) {
    case 'idle':
      return [button('Download', name, () => controller.start(), true)];
    case 'waiting':
    case 'running':
    case 'expired':
      return [button('Pause', name, () => controller.pause())];
    case 'paused':
    case 'failed':
      return [
        button('Discard', name, () => controller.remove()),
        button('Resume', name, () => controller.start(), true),
      ];
    case 'complete':
      if (!isStored) return [];
      return [button('Discard', name, () => controller.remove()), button('Save', name, () => controller.save(), true)];
    case 'loading':
    case 'unavailable':
      return [];
  }
}

function hasBar({ status, written }: DownloadState): boolean {
  const isActive = status === 'running' || status === 'expired' || status === 'paused' || status === 'waiting';
  return isActive || (status === 'failed' && written > 0) || status === 'complete';
}

function bar({ name, size, written }: DownloadState): Node {
  const percent = size === undefined || size === 0 ? 0 : Math.floor((written / size) * 100);
  const value = size === undefined ? {} : { 'aria-valuenow': size === 0 ? 100 : percent };
  const attributes = {
    role: 'progressbar',
    'aria-valuemin': 0,
    'aria-valuemax': 100,
    'aria-label': `Progress of ${name}`,
  };
  const width = size === 0 ? 100 : size === undefined ? 0 : (written / size) * 100;
  return h('div', { class: 'bar', ...attributes, ...value }, h('div', { style: { width: `${width}%` } }));
}

function figures({ status, size, written, rate, connections }: DownloadState): string {
  if (status === 'complete' && size !== undefined) return printSize(size);
  if (size === undefined && written === 0) return '';
  const amount = size === undefined ? printSize(written) : `${printSize(written)} of ${printSize(size)}`;
  if (status !== 'running' || rate <= 0) return amount;
  const left = size === undefined ? [] : [`${formatTime((size - written) / rate)} left`];
  const count = `${connections} connection${connections === 1 ? '' : 's'}`;
  return [amount, `${printSize(rate)}/s`, ...left, count].join(' · ');
}

/** The states that are the same for all downloads. */
const SENTENCES: Readonly<Record<Status, string>> = {
  loading: '',
  idle: '',
  waiting: 'Waits for the other downloads of this page.',
  running: '',
  paused: 'Paused. All that was downloaded is kept, also if you close this page.',
  expired: 'The link has expired. The download goes on with a new one.',
  failed: '',
  complete: '',
  unavailable: '',
};

function sentence({ status, trouble, verification, isStored }: DownloadState): string {
  if (status === 'running' && trouble !== undefined) return `Tries again: ${trouble}.`;
  if (status !== 'complete') return SENTENCES[status];
  const kept = isStored ? ' A copy stays in this browser until you discard it.' : '';
  switch (verification?.type) {
    case 'pieces':
      return `Complete, and verified: each piece has the digest of the server's index.${kept}`;
    case 'digest':
      return `Complete, and verified: ${verification.algorithm} ${verification.hex}.${kept}`;
    case 'none':
      return `Complete. Not verified: ${verification.reason}.${kept}`;
    case undefined:
      return `Complete.${kept}`;
  }
}

function needsPlainLink({ status, notices }: DownloadState): boolean {
  return status === 'unavailable' || status === 'failed' || (notices.length > 0 && status !== 'complete');
}

function renewForm(controller: Controller): Node {
  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!(event.target instanceof HTMLFormElement)) return;
    const url = new FormData(event.target).get('url');
    if (typeof url === 'string' && URL.canParse(url)) controller.renew(url);
  };
  return h(
    'form',
    { onSubmit },
    h('input', { type: 'url', name: 'url', required: true, placeholder: 'https://…', 'aria-label': 'New link' }),
    h('button', { class: 'primary' }, 'Go on'),
  );
}

function formatTime(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  if (seconds < 3600) return `${Math.ceil(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h ${Math.ceil((seconds % 3600) / 60)} min`;
}
