import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { downloadError } from '../../src/client/download-error.ts';
import type { Journal } from '../../src/client/journal.ts';
import type { Sink } from '../../src/client/sink.ts';
import { journalContract } from '../client/journal-contract.ts';
import { sinkContract, type SinkUnderTest } from '../client/sink-contract.ts';
import { describeInBrowsers } from './browsers.ts';

/** Runs in the page: makes parts by name, calls their methods, and passes on bytes and errors as JSON. */
const HARNESS = `
import { browserSink } from './src/page/browser-sink.ts';
import { browserJournal } from './src/page/browser-journal.ts';
import { handleSegments } from './src/page/handle-segments.ts';
import { segmentFiles } from './src/page/segment-files.ts';
import { streamSegments } from './src/page/stream-segments.ts';

const parts = new Map();
const delivered = new Map();
const makers = {
  sink: (name) => browserSink({ id: name, deliver: async (file) => (delivered.set(name, file), false) }),
  journal: (name) => browserJournal('https://files.test/' + name),
};
globalThis.make = async (id, kind, name) => void parts.set(id, makers[kind](name));
globalThis.call = async (id, method, args) => {
  const values = args.map((one) => (Array.isArray(one) ? Uint8Array.from(one) : one));
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
if (!isPage) {
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
type Place = 'page' | 'worker';

/** Runs code, whose value is a promise, in a page or in its worker. */
function runIn(page: Page, place: Place, code: string): Promise<unknown> {
  return page.evaluate(place === 'page' ? code : `inWorker(${JSON.stringify(code)})`);
}

let server: Server;
let url: string;

beforeAll(async () => {
  const stdin = { contents: HARNESS, resolveDir: join(import.meta.dirname, '../..') };
  const { outputFiles } = await build({ stdin, bundle: true, format: 'esm', write: false });
  const script = outputFiles[0]?.text ?? '';
  const html = `<!doctype html><link rel="icon" href="data:,"><script type="module" src="/script.js"></script>`;
  server = createServer(({ url: path }, response) => {
    const isScript = path === '/script.js';
    response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html').end(isScript ? script : html);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${isBound(address) ? address.port : 0}/`;
});
afterAll(() => server.close());

function isBound(address: string | AddressInfo | null): address is AddressInfo {
  return address !== null && typeof address === 'object';
}

interface Answer {
  readonly value?: unknown;
  readonly reason?: string;
  readonly failure?: Parameters<typeof downloadError>[0];
}

let count = 0;

/** Makes a part in the page. Returns a function that calls its methods. */
function remote(page: Page, kind: 'sink' | 'journal', name: string, place: Place = 'page') {
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

function remoteSink(page: Page, name: string, place: Place): Sink {
  const call = remote(page, 'sink', name, place);
  return {
    isSequential: false,
    open: async () => Number(await call('open')),
    write: (position, bytes) => nothing(call('write', position, bytes)),
    sync: () => nothing(call('sync')),
    empty: () => nothing(call('empty')),
    digest: async (algorithm, size) => String(await call('digest', algorithm, size)),
    finish: (size) => nothing(call('finish', size)),
    close: () => nothing(call('close')),
  };
}

function remoteJournal(page: Page, name: string): Journal {
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

describeInBrowsers('storage of downloads', (browser) => {
  const openSink = async (place: Place): Promise<SinkUnderTest> => {
    const { page } = await browser.visit(url);
    const name = `file-${count++}`;
    return {
      make: () => remoteSink(page, name, place),
      read: async () => {
        const bytes = await runIn(page, place, `read('${name}')`);
        return Array.isArray(bytes) ? Uint8Array.from(bytes) : undefined;
      },
    };
  };

  sinkContract('the private file system in a page', () => openSink('page'));
  sinkContract('the private file system in a worker', () => openSink('worker'));

  journalContract('IndexedDB', async () => {
    const { page } = await browser.visit(url);
    const name = `file-${count++}`;
    return () => remoteJournal(page, name);
  });

  test.for([
    ['page', 9],
    ['worker', 70],
  ] as const)('writes in a %s that cross segments and overlap a checkpoint keep all bytes', async ([place, mib]) => {
    const { page } = await browser.visit(url);
    const code = `(async () => {
      const store = segments('many');
      const size = ${mib} * 1024 * 1024 + 5;
      const border = ${place === 'page' ? 4 : 64} * 1024 * 1024;
      const source = Uint8Array.from({ length: size }, (_, i) => (i * 7 + (i >> 12)) & 255);
      const writes = [];
      for (let start = 0; start < size; start += 700_001) {
        writes.push(store.write(start, source.subarray(start, Math.min(size, start + 700_001))));
        if ((start / 700_001) % 3 === 0) writes.push(store.sync());
      }
      await Promise.all(writes);
      await store.sync();
      const stored = new Uint8Array(await (await filesOf('many').toBlob()).arrayBuffer());
      const part = await store.read(border - 500, border + 500);
      await store.close();
      return stored.length === size && stored.every((byte, i) => byte === source[i])
        && part.every((byte, i) => byte === source[border - 500 + i]) && (await store.open()) === size;
    })()`;
    const isEqual = await runIn(page, place, code);
    expect(isEqual).toBe(true);
  });

  test.for(['page', 'worker'] as const)(
    'bytes of a %s, and the journal, survive the end of the page',
    async (place) => {
      const { page } = await browser.visit(url);
      const sink = remoteSink(page, 'kept', place);
      const journal = remoteJournal(page, 'kept');
      await journal.open();
      await sink.open();
      await sink.write(0, new TextEncoder().encode('abc'));
      await sink.sync();
      await journal.save('state');
      // Neither is closed, as when a tab is closed.
      await page.reload();
      const later = remoteJournal(page, 'kept');
      expect(await later.open()).toBe('state');
      expect(await remoteSink(page, 'kept', place).open()).toBe(3);
    },
  );

  test('files that a closed tab has left open are no bytes of the download', async () => {
    const { page } = await browser.visit(url);
    const stored = await page.evaluate(`(async () => {
      const root = await (await navigator.storage.getDirectory()).getDirectoryHandle('rangeway', { create: true });
      const store = segments('left');
      await store.write(0, Uint8Array.of(1, 2, 3));
      await store.sync();
      const [folder] = await Array.fromAsync(root.values());
      const swap = await folder.getFileHandle('0.swap', { create: true });
      const stream = await swap.createWritable();
      await stream.write(new Uint8Array(9));
      await stream.close();
      const length = await segments('left').open();
      const blob = await filesOf('left').toBlob();
      return [length, blob.size, (await Array.fromAsync(folder.keys())).join()];
    })()`);
    expect(stored).toEqual([3, 3, '0']);
  });

  test('a page that can start no worker begins again what a worker has begun, and the other way round', async () => {
    const { page } = await browser.visit(url);
    const write = `(async () => {
      const store = segments('both');
      const length = await store.open();
      await store.write(length, Uint8Array.of(1, 2));
      await store.sync();
      await store.close();
      return [length, (await filesOf('both').toBlob()).size];
    })()`;
    expect(await runIn(page, 'worker', write)).toEqual([0, 2]);
    expect(await runIn(page, 'worker', write)).toEqual([2, 4]);
    expect(await runIn(page, 'page', write)).toEqual([0, 2]);
    expect(await runIn(page, 'worker', write)).toEqual([0, 2]);
  });

  // Firefox has no way to set the quota of a page that is open.
  test.runIf(browser.name === 'chromium')(
    'a worker that finds the storage full loses nothing that it kept',
    async () => {
      const { page } = await browser.visit(url);
      const devtools = await page.context().newCDPSession(page);
      const { origin } = new URL(url);
      const write = (position: number, length: number) =>
        runIn(
          page,
          'worker',
          `(async () => {
          globalThis.store ??= segments('full');
          const name = await store.write(${position}, new Uint8Array(${length}).fill(7)).catch(({ name }) => name);
          await store.sync();
          return [name, (await store.read(0, 1000)).every((byte) => byte === 7)];
        })()`,
        );
      expect(await write(0, 1_000_000)).toEqual([undefined, true]);
      await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 2_000_000 });
      expect(await write(1_000_000, 150_000_000)).toEqual(['QuotaExceededError', true]);
      await devtools.send('Storage.overrideQuotaForOrigin', { origin });
      expect(await write(1_000_000, 2_000_000)).toEqual([undefined, true]);
    },
  );

  test('a second tab is refused while the first one has the journal', async () => {
    const { page } = await browser.visit(url);
    await remoteJournal(page, 'shared').open();
    const second = await page.context().newPage();
    await second.goto(url);
    const other = remoteJournal(second, 'shared');
    await expect(other.open()).rejects.toMatchObject({ failure: { code: 'conflict' } });
    await page.close();
    await expect
      .poll(() =>
        other.open().then(
          () => 'taken',
          () => 'refused',
        ),
      )
      .toBe('taken');
  });
});
