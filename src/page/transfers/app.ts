import { createElement as h, useEffect, useRef, useState, useSyncExternalStore } from 'hono/jsx/dom';
import { downloadsView } from './downloads-view.ts';
import { component, textOf, type Node, type ViewProps } from './elements.ts';
import type { ApiFailure, GatewayApi } from './gateway-api.ts';
import { linksView } from './links-view.ts';
import { restoreSession, signIn, signOut } from './session.ts';
import { transfersView } from './transfers-view.ts';

/** The parts of the page, by the first segment of the fragment of its address. */
const VIEWS = { transfers: 'Transfers', downloads: 'Downloads', links: 'Links' } as const;

interface Session {
  readonly api: GatewayApi | undefined;
  /** A sentence above the form that asks for the token. */
  readonly notice: string;
}

const transfersPart = component(transfersView);
const downloadsPart = component(downloadsView);
const linksPart = component(linksView);
const views = component(frame);
const signInPage = component(signInForm);

/** The whole page: the form that asks for the token, or the parts of the page. */
export function app(): Node {
  const [session, setSession] = useState<Session>(() => ({ api: restoreSession(), notice: '' }));
  const { api, notice } = session;
  const leave = (text: string) => {
    signOut();
    setSession({ api: undefined, notice: text });
  };
  if (api === undefined) {
    return signInPage({ notice, onOpen: (opened) => setSession({ api: opened, notice: '' }) });
  }
  const onFailure = ({ status }: ApiFailure) => {
    if (status === 401) leave('The gateway no longer takes the token. Enter the present one.');
  };
  return views({ api, onFailure, onLeave: () => leave('') });
}

function subscribeToHash(listener: () => void): () => void {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
}

function frame({
  api,
  onFailure,
  onLeave,
}: Pick<ViewProps, 'api' | 'onFailure'> & { readonly onLeave: () => void }): Node {
  const hash = useSyncExternalStore(subscribeToHash, () => location.hash);
  const [, name = '', rest = ''] = /^#([a-z]+)(?:\/(.*))?$/s.exec(hash) ?? [];
  const current = name === 'downloads' || name === 'links' ? name : 'transfers';
  const heading = useRef<HTMLHeadingElement | null>(null);
  useEffect(() => {
    document.title = `${VIEWS[current]} – ${location.host}`;
    heading.current?.focus();
  }, [current]);
  const props: ViewProps = { api, subject: decode(rest), onFailure };
  return h(
    'div',
    {},
    h(
      'header',
      {},
      h('p', { class: 'host' }, location.host),
      h(
        'nav',
        { class: 'tabs', 'aria-label': 'Views' },
        ...Object.entries(VIEWS).map(([view, label]) =>
          h('a', { key: view, href: `#${view}`, 'aria-current': view === current ? 'page' : null }, label),
        ),
      ),
      h('button', { type: 'button', onClick: onLeave }, 'Sign out'),
    ),
    h(
      'main',
      { key: current },
      h('h1', { class: 'hidden', tabindex: -1, ref: heading }, VIEWS[current]),
      current === 'transfers' ? transfersPart(props) : null,
      current === 'downloads' ? downloadsPart(props) : null,
      current === 'links' ? linksPart(props, props.subject) : null,
    ),
  );
}

/** A fragment that is not percent-encoded UTF-8 names nothing. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

function signInForm({ notice, onOpen }: { readonly notice: string; readonly onOpen: (api: GatewayApi) => void }): Node {
  const [error, setError] = useState(notice);
  const [isAsking, setAsking] = useState(false);
  const onSubmit = async (event: SubmitEvent) => {
    event.preventDefault();
    setAsking(true);
    const opened = await signIn(textOf(event.target, 'token'));
    if (typeof opened !== 'string') return onOpen(opened);
    setError(opened);
    setAsking(false);
    document.querySelector<HTMLInputElement>('#token')?.select();
  };
  return h(
    'main',
    { class: 'sign-in' },
    h('h1', {}, 'Transfers'),
    h('p', {}, 'Downloads as they run, their counts, and the links of this gateway. The token stays in this tab.'),
    h(
      'form',
      { onSubmit: (event: SubmitEvent) => void onSubmit(event) },
      h('label', { for: 'token' }, 'Admin token'),
      h('input', {
        id: 'token',
        name: 'token',
        type: 'password',
        required: true,
        autocomplete: 'off',
        autofocus: true,
        spellcheck: 'false',
        'aria-describedby': 'refusal',
        'aria-invalid': error === '' ? null : 'true',
      }),
      h('p', { class: 'error', id: 'refusal', role: 'alert' }, error),
      h('button', { class: 'primary', disabled: isAsking }, 'Open'),
    ),
  );
}
