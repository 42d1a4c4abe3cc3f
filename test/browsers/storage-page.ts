import { createServer } from 'node:http';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import { downloadError } from '../../src/client/download-error.ts';
import type { Journal } from '../../src/client/journal.ts';
import type { Sink } from '../../src/client/sink.ts';

/** Runs in the page: makes parts by name, calls their methods, and passes on bytes and errors as JSON. */
const HARNESS = `
import { browserSink } from './src/page/browser-sink.ts';
import { browserJournal } from './src/page/browser-journal.ts';
import { handleSegments } from './src/page/handle-segments.ts';
import { segmentFiles } from './src/page/segment-files.ts';
import { serveStorage, workerStorage } from './src/page/storage-worker.ts';
import { streamSegments } from './src/page/stream-segments.ts';

const parts = new Map();
const delivered = new Map();
const deliver = (name) => async (file) => (delivered.set(name, file), false);
const startWorker = () => new Worker('/script.js?storage', { type: 'module' });
const makers = {
  sink: (name) => browserSink({ id: name, deliver: deliver(name) }),
  'sink over a worker': async (name) =>
    browserSink({ id: name, stored: await workerStorage(startWorker, name), deliver: deliver(name) }),
  journal: (name) => browserJournal('https://files.test/' + name),
};
globalThis.make = async (id, kind, name) => void parts.set(id, await makers[kind](name));
globalThis.call = async (id, method, args) => {
  const { signal } = new AbortController();
  const values = args.map((one) => (Array.isArray(one) ? Uint8Array.from(one) : one === 'signal' ? signal : one));
  try {
    const value = await parts.get(id)[method](...values);
    return { value: value instanceof Uint8Array ? Array.from(value) : value };
  } catch (error) {
    return { reason: error.message, failure: error.failure };
  }
};
globalThis.read = async (name) => {
  const file = delivered.get(name);
  return file === undefined ? undefined : Array.from(new Uint8Array(await file.arrayBuffer()));
};
globalThis.filesOf = segmentFiles;
const isPage = typeof document !== 'undefined';
globalThis.segments = (name) => (isPage ? streamSegments : handleSegments)(segmentFiles(name));
if (location.search === '?storage') {
  serveStorage();
} else if (!isPage) {
  onmessage = async ({ data: [id, code] }) => {
    postMessage([id, await (0, eval)(code).then((value) => ({ value }), (error) => ({ reason: String(error) }))]);
  };
}
let worker;
let questions = 0;
globalThis.inWorker = (code) => new Promise((resolve, reject) => {
  worker ??= new Worker('/script.js', { type: 'module' });
  const own = questions++;
  worker.addEventListener('message', ({ data: [id, { value, reason }] }) => {
    if (id === own) reason === undefined ? resolve(value) : reject(new Error(reason));
  });
  worker.postMessage([own, code]);
});
`;

/** Pages write by streams, and workers in place. */
export type Place = 'page' | 'worker';

/** Runs code, whose value is a promise, in a page or in its worker. */
export function runIn(page: Page, place: Place, code: string): Promise<unknown> {
  return page.evaluate(place === 'page' ? code : `inWorker(${JSON.stringify(code)})`);
}

/** Serves the page of these tests. Returns its address, and the function that stops it. */
export async function startStoragePage(): Promise<{ readonly url: string; stop(): void }> {
  const stdin = { contents: HARNESS, resolveDir: join(import.meta.dirname, '../..') };
  const { outputFiles } = await build({ stdin, bundle: true, format: 'esm', write: false });
  const script = outputFiles[0]?.text ?? '';
  const html = `<!doctype html><link rel="icon" href="data:,"><script type="module" src="/script.js"></script>`;
  const server = createServer(({ url: path }, response) => {
    const isScript = path?.startsWith('/script.js') === true;
    response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html').end(isScript ? script : html);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return { url: `http://127.0.0.1:${port}/`, stop: () => void server.close() };
}

interface Answer {
  readonly value?: unknown;
  readonly reason?: string;
  readonly failure?: Parameters<typeof downloadError>[0];
}

let count = 0;

/** Returns a name that no other file of these tests has. */
export const freshName = () => `file-${count++}`;

/** Makes a part in the page. Returns a function that calls its methods. */
function remote(page: Page, kind: 'sink' | 'sink over a worker' | 'journal', name: string, place: Place = 'page') {
  const id = `part-${count++}`;
  const made = runIn(page, place, `make(${JSON.stringify(id)}, '${kind}', ${JSON.stringify(name)})`);
  return async (method: string, ...args: readonly (Uint8Array | string | number)[]): Promise<unknown> => {
    await made;
    const values = args.map((one) => (one instanceof Uint8Array ? Array.from(one) : one));
    const answer: Answer = Object(await runIn(page, place, `call('${id}', '${method}', ${JSON.stringify(values)})`));
    if (answer.failure !== undefined) throw downloadError(answer.failure);
    if (answer.reason !== undefined) throw new Error(answer.reason);
    return answer.value;
  };
}

async function nothing(work: Promise<unknown>): Promise<void> {
  await work;
}

/** A sink in the page, over its worker, or in a worker. */
export type SinkPlace = Place | 'page over a worker';

/** Makes a sink in a page. The signals of its calls are never aborted. */
export function remoteSink(page: Page, name: string, place: SinkPlace): Sink {
  const call =
    place === 'page over a worker' ? remote(page, 'sink over a worker', name) : remote(page, 'sink', name, place);
  return {
    isSequential: false,
    open: async () => Number(await call('open')),
    write: (position, bytes) => nothing(call('write', position, bytes)),
    sync: () => nothing(call('sync')),
    empty: () => nothing(call('empty')),
    digest: async (algorithm, size) => String(await call('digest', algorithm, size, 'signal')),
    sha256: async (start, end) => {
      const digest = await call('sha256', start, end);
      return Uint8Array.from(Array.isArray(digest) ? digest : []);
    },
    finish: (size) => nothing(call('finish', size)),
    close: () => nothing(call('close')),
  };
}

/** Makes a journal in a page. */
export function remoteJournal(page: Page, name: string): Journal {
  const call = remote(page, 'journal', name);
  return {
    open: async () => {
      const text = await call('open');
      return typeof text === 'string' ? text : undefined;
    },
    save: (text) => nothing(call('save', text)),
    remove: () => nothing(call('remove')),
    close: () => nothing(call('close')),
  };
}
