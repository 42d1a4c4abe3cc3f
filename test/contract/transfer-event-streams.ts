import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { expect } from 'vitest';

/** An open stream of events over a real connection. */
export interface EventStream {
  /** All that was received. */
  readonly text: () => string;
  /** Resolves at the end: whether the server has ended the stream, and not broken it off. */
  readonly ended: Promise<boolean>;
  leave(): void;
}

/** Opens a stream of events of a gateway. */
export async function openEventStream(
  url: string,
  token: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<EventStream> {
  const fields = { Authorization: `Bearer ${token}`, Accept: 'text/event-stream', ...headers };
  const asking = request(`${url}/.rangeway/transfers`, { headers: fields });
  asking.end();
  const [response]: IncomingMessage[] = await once(asking, 'response');
  if (response === undefined) throw new Error('there is no response');
  expect([response.statusCode, response.headers['content-type']]).toEqual([200, 'text/event-stream']);
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  response.on('error', () => undefined);
  return {
    text: () => text,
    ended: once(response, 'close').then(() => response.complete),
    leave: () => void response.destroy(),
  };
}

/**
 * The contract of streams of events on a platform: changes arrive, a client that connects again gets nothing that it
 * has, and the server notices that a client has left.
 *
 * @param download makes a transfer of this reader
 */
export async function checkEventStream(
  url: string,
  token: string,
  download: (agent: string) => Promise<unknown>,
): Promise<void> {
  const stream = await openEventStream(url, token);
  await expect.poll(stream.text).toMatch(/^retry: \d+\n\nevent: transfers\nid: \w+\ndata: \{"transfers":\[/);
  await download('first of stream');
  await expect.poll(stream.text, { timeout: 20_000 }).toMatch(/event: changes\nid: \w+\ndata: .*"state":"complete"/);
  stream.leave();
  const lastId = /.*\nid: (\w+)\n/s.exec(stream.text())?.[1] ?? '';
  const again = await openEventStream(url, token, { 'Last-Event-ID': lastId });
  await expect.poll(again.text).toMatch(/^retry: \d+\n\n/);
  await download('second of stream');
  await expect.poll(again.text, { timeout: 20_000 }).toContain('event: changes');
  expect(again.text()).not.toContain('event: transfers');
  again.leave();
}
