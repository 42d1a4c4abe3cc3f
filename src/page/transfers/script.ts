// The script of the page `/.rangeway/`.
import { createElement as h, render } from 'hono/jsx/dom';
import { app } from './app.ts';

const container = document.querySelector<HTMLElement>('#app');
if (container !== null) {
  container.replaceChildren();
  render(h(app, {}), container);
}
