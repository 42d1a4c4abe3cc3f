import { createElement as h, useEffect, useRef } from 'hono/jsx/dom';
import type { ApiFailure, GatewayApi } from './gateway-api.ts';

/** An element of the page. */
export type Node = ReturnType<typeof h>;

/** The properties of each part of the page. */
export interface ViewProps {
  readonly api: GatewayApi;
  /** The rest of the fragment, decoded. */
  readonly subject: string;
  /** Signs out if the gateway refuses the token. */
  readonly onFailure: (failure: ApiFailure) => void;
}

/**
 * Makes a component of a function with typed properties. A component keeps its state as long as it is drawn.
 *
 * @returns a function that draws it. Of another key, it begins anew
 */
export function component<ViewProperties>(
  view: (properties: ViewProperties) => Node,
): (properties: ViewProperties, key?: string) => Node {
  const tag: Exclude<Parameters<typeof h>[0], string> = ({ properties }) => view(properties);
  return (properties, key = '') => h(tag, { properties, key });
}

/** A text that may be written from right to left, which does not turn the text around it. */
export function isolated(text: string): Node {
  return h('bdi', {}, text);
}

/** A bar as wide as a part of the whole. Numbers beside it say the same. */
export function bar(percent: number): Node {
  return h('div', { class: 'bar' }, h('div', { style: { width: `${Math.min(100, Math.max(0, percent))}%` } }));
}

/** Returns the text of a field of a form, with its spaces, since keys may have some. */
export function textOf(form: EventTarget | null, name: string): string {
  const value = form instanceof HTMLFormElement ? new FormData(form).get(name) : null;
  return typeof value === 'string' ? value : '';
}

/** A question to the user before an action. */
export interface Question {
  readonly title: string;
  readonly text: string;
  /** The label of the button that runs the action. */
  readonly label: string;
  readonly act: () => void;
}

function dialogView({ question, onClose }: { readonly question: Question; readonly onClose: () => void }): Node {
  const dialog = useRef<HTMLDialogElement | null>(null);
  useEffect(() => dialog.current?.showModal(), []);
  // Only close() gives the focus back to the element that had it before.
  const close = () => dialog.current?.close();
  const act = () => {
    question.act();
    close();
  };
  return h(
    'dialog',
    { ref: dialog, onClose, 'aria-labelledby': 'question' },
    h('h2', { id: 'question' }, isolated(question.title)),
    h('p', {}, question.text),
    h(
      'div',
      { class: 'row' },
      h('button', { type: 'button', onClick: close, autofocus: true }, 'Cancel'),
      h('button', { type: 'button', class: 'danger', onClick: act }, question.label),
    ),
  );
}

/** A dialog that asks a question. Escape and *Cancel* close it. */
export const questionDialog = component(dialogView);
