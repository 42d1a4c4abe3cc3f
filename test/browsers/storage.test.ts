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
import { segments } from './src/page/segments.ts';

const parts = new Map();
const delivered = new Map();
const makers = {
  sink: (name) => browserSink({ name, deliver: async (file) => (delivered.set(name, file), false) }),
  journal: (name) => browserJournal('https://files.test/' + name),
};
globalThis.make = (id, kind, name) => void parts.set(id, makers[kind](name));
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
globalThis.segments = segments;
`;

let server: Server;
let url: string;

beforeAll(async () => {
  const stdin = { contents: HARNESS, resolveDir: join(import.meta.dirname, '../..') };
  const { outputFiles } = await build({ stdin, bundle: true, format: 'esm', write: false });
  const script = `<!doctype html><link rel="icon" href="data:,"><script type="module">${outputFiles[0]?.text}</script>`;
  server = createServer((_, response) => response.setHeader('Content-Type', 'text/html').end(script));
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
function remote(page: Page, kind: 'sink' | 'journal', name: string) {
  const id = `part-${count++}`;
  const made = page.evaluate(`make(${JSON.stringify(id)}, '${kind}', ${JSON.stringify(name)})`);
  return async (method: string, ...args: readonly (Uint8Array | string | number)[]): Promise<unknown> => {
    await made;
    const values = args.map((one) => (one instanceof Uint8Array ? Array.from(one) : one));
    const answer: Answer = await page.evaluate(`call('${id}', '${method}', ${JSON.stringify(values)})`);
    if (answer.failure !== undefined) throw downloadError(answer.failure);
    if (answer.reason !== undefined) throw new Error(answer.reason);
    return answer.value;
  };
}

async function nothing(work: Promise<unknown>): Promise<void> {
  await work;
}

function remoteSink(page: Page, name: string): Sink {
  const call = remote(page, 'sink', name);
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
  const openSink = async (): Promise<SinkUnderTest> => {
    const { page } = await browser.visit(url);
    const name = `file-${count++}`;
    return {
      make: () => remoteSink(page, name),
      read: async () => {
        const bytes: number[] | undefined = await page.evaluate(`read('${name}')`);
        return bytes === undefined ? undefined : Uint8Array.from(bytes);
      },
    };
  };

  sinkContract('the private file system', openSink);

  journalContract('IndexedDB', async () => {
    const { page } = await browser.visit(url);
    const name = `file-${count++}`;
    return () => remoteJournal(page, name);
  });

  test('writes that cross segments and overlap a checkpoint keep all bytes', async () => {
    const { page } = await browser.visit(url);
    const isEqual = await page.evaluate(`(async () => {
      const store = segments('many');
      const size = 9 * 1024 * 1024 + 5;
      const source = Uint8Array.from({ length: size }, (_, i) => (i * 7 + (i >> 12)) & 255);
      const writes = [];
      for (let start = 0; start < size; start += 700_001) {
        writes.push(store.write(start, source.subarray(start, Math.min(size, start + 700_001))));
        if (start % 3 === 0) writes.push(store.sync());
      }
      await Promise.all(writes);
      await store.sync();
      const stored = new Uint8Array(await (await store.toBlob()).arrayBuffer());
      const part = await store.read(4_194_000, 4_195_000);
      return stored.length === size && stored.every((byte, i) => byte === source[i])
        && part.every((byte, i) => byte === source[4_194_000 + i]) && (await store.open()) === size;
    })()`);
    expect(isEqual).toBe(true);
  });

  test('bytes and journal survive the end of a page', async () => {
    const { page } = await browser.visit(url);
    const sink = remoteSink(page, 'kept');
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
    expect(await remoteSink(page, 'kept').open()).toBe(3);
  });

  test('files that a closed tab has left open are no bytes of the download', async () => {
    const { page } = await browser.visit(url);
    const stored = await page.evaluate(`(async () => {
      const root = await (await navigator.storage.getDirectory()).getDirectoryHandle('rangeway', { create: true });
      const folder = await root.getDirectoryHandle('left', { create: true });
      const store = segments('left');
      await store.write(0, Uint8Array.of(1, 2, 3));
      await store.sync();
      const swap = await folder.getFileHandle('0.swap', { create: true });
      const stream = await swap.createWritable();
      await stream.write(new Uint8Array(9));
      await stream.close();
      const length = await segments('left').open();
      const blob = await segments('left').toBlob();
      return [length, blob.size, (await Array.fromAsync(folder.keys())).join()];
    })()`);
    expect(stored).toEqual([3, 3, '0']);
  });

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
