import { createElement as h, useEffect, useState } from 'hono/jsx/dom';
import { printSize, visible } from '../../base/page-text.ts';
import { isolated, questionDialog, textOf, type Node, type Question, type ViewProps } from './elements.ts';
import type { ApiResult } from './gateway-api.ts';
import { agoOf } from './text.ts';

/** The use of a link, as the API prints it. */
interface LinkUse {
  readonly id: string;
  readonly revoked: boolean;
  readonly downloads: number;
  readonly bytes: number;
  readonly reserved: number;
  readonly connections: number;
  readonly lastSeen: string | null;
}

function isLinkUse(value: unknown): value is LinkUse {
  if (typeof value !== 'object' || value === null) return false;
  const at = (name: string): unknown => Reflect.get(value, name);
  return (
    typeof at('id') === 'string' &&
    typeof at('revoked') === 'boolean' &&
    ['downloads', 'bytes', 'reserved', 'connections'].every((name) => typeof at(name) === 'number') &&
    (at('lastSeen') === null || typeof at('lastSeen') === 'string')
  );
}

/** The ids that links can have. URLs lose the segments `.` and `..`, so such a link has no address. */
const LINK_ID = /^(?!\.{1,2}$)[\w.~-]{1,64}$/;

/** The result of a look-up. */
type Found =
  | { readonly type: 'nothing' }
  | { readonly type: 'unused'; readonly id: string }
  | { readonly type: 'link'; readonly link: LinkUse };

/** Looks up one link by its id, revokes it, allows it again, and forgets its use. */
export function linksView({ api, subject, onFailure }: ViewProps): Node {
  const [found, setFound] = useState<Found>({ type: 'nothing' });
  const [message, setMessage] = useState<{ readonly text: string; readonly isError: boolean } | undefined>(undefined);
  const [question, setQuestion] = useState<Question | undefined>(undefined);
  const fail = (text: string) => setMessage({ text, isError: true });

  /** Shows the link of a response, or the reason why there is none. */
  const show = (id: string, result: ApiResult<unknown>, done: string) => {
    if (result.type === 'failed') {
      onFailure(result);
      if (result.status === 404) setFound({ type: 'unused', id });
      return fail(result.sentence);
    }
    if (!isLinkUse(result.value)) return fail('The gateway answers with something else than a link.');
    setFound({ type: 'link', link: result.value });
    setMessage(done === '' ? undefined : { text: done, isError: false });
  };
  const lookUp = async (id: string) => {
    setFound({ type: 'nothing' });
    if (!LINK_ID.test(id)) return fail('The id of a link has 1 to 64 letters, digits, -, ., _ and ~.');
    show(id, await api.read(`links/${id}`), '');
  };
  const setRevoked = async (id: string, revoked: boolean) => {
    const result = await api.read(`links/${id}`, { method: 'PUT', body: JSON.stringify({ revoked }) });
    const done = revoked
      ? 'The link is revoked. Within 5 seconds, all its requests are refused.'
      : 'The link is allowed again.';
    show(id, result, done);
  };
  const forget = async (id: string) => {
    const result = await api.read(`links/${id}`, { method: 'DELETE' });
    if (result.type === 'failed') return show(id, result, '');
    setFound({ type: 'nothing' });
    setMessage({ text: 'The use of the link is forgotten, and its quotas begin anew.', isError: false });
  };
  useEffect(() => {
    if (subject !== '') void lookUp(subject);
  }, [subject]);

  const actions = {
    onRevoke: (id: string) => setQuestion(revokeQuestion(id, () => void setRevoked(id, true))),
    onAllow: (id: string) => void setRevoked(id, false),
    onForget: (id: string) => setQuestion(forgetQuestion(id, () => void forget(id))),
  };
  return h(
    'div',
    {},
    h(
      'div',
      { class: 'tools' },
      lookUpForm(subject, (id) => void lookUp(id)),
    ),
    h('p', { class: message?.isError === true ? 'notice' : 'hint', role: 'status' }, message?.text ?? ''),
    card(found, actions),
    question === undefined ? null : questionDialog({ question, onClose: () => setQuestion(undefined) }),
  );
}

function lookUpForm(subject: string, lookUp: (id: string) => void): Node {
  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault();
    const id = textOf(event.target, 'id').trim();
    // The address names the link, so that a reload shows it again. The same one is asked for once more.
    if (id === subject || !LINK_ID.test(id)) lookUp(id);
    else location.hash = `#links/${encodeURIComponent(id)}`;
  };
  return h(
    'form',
    { onSubmit, role: 'search' },
    h('input', {
      type: 'search',
      name: 'id',
      value: subject,
      placeholder: 'Id of a link …',
      'aria-label': 'Id of a link',
      required: true,
      spellcheck: 'false',
      autocapitalize: 'off',
    }),
    h('button', {}, 'Look up'),
  );
}

interface LinkActions {
  readonly onRevoke: (id: string) => void;
  readonly onAllow: (id: string) => void;
  readonly onForget: (id: string) => void;
}

function action(label: string, act: () => void, isDangerous = false): Node {
  return h('button', { type: 'button', key: label, class: isDangerous ? 'danger' : '', onClick: act }, label);
}

function card(found: Found, { onRevoke, onAllow, onForget }: LinkActions): Node | null {
  switch (found.type) {
    case 'nothing':
      return null;
    case 'unused':
      return h(
        'div',
        { class: 'row unused' },
        action('Revoke it all the same', () => onRevoke(found.id), true),
      );
    case 'link': {
      const { link } = found;
      const { id, revoked } = link;
      return h(
        'section',
        { 'aria-labelledby': 'link' },
        h(
          'h2',
          {},
          h('span', { id: 'link' }, isolated(visible(id))),
          h('span', { class: revoked ? 'dot revoked' : 'dot live' }, revoked ? 'revoked' : 'valid'),
        ),
        usage(link),
        h(
          'div',
          { class: 'row' },
          ...(revoked
            ? [action('Allow again', () => onAllow(id))]
            : [action('Revoke', () => onRevoke(id), true), action('Forget its use', () => onForget(id))]),
        ),
      );
    }
  }
}

function usage({ downloads, bytes, reserved, connections, lastSeen }: LinkUse): Node {
  const rows = [
    ['Complete downloads', downloads.toLocaleString('en')],
    ['Sent', printSize(bytes)],
    ['Reserved by running requests', printSize(reserved)],
    ['Running requests', String(connections)],
    ['Last seen', lastSeen === null ? 'not known' : `${agoOf(lastSeen, Date.now())} (${lastSeen})`],
  ] as const;
  return h(
    'dl',
    {},
    ...rows.flatMap(([name, value]) => [h('dt', { key: name }, name), h('dd', { key: `${name}.` }, value)]),
  );
}

function revokeQuestion(id: string, act: () => void): Question {
  const text = 'Its requests are refused within 5 seconds. Responses that run go on, unless the link has a quota.';
  return { title: `Revoke ${id}?`, text, label: 'Revoke', act };
}

function forgetQuestion(id: string, act: () => void): Question {
  const text = 'Its counts and its transfers are deleted, so its quotas begin anew. This can not be undone.';
  return { title: `Forget the use of ${id}?`, text, label: 'Forget', act };
}
