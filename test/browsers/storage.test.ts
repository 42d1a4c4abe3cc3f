import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Sink } from '../../src/client/sink.ts';
import { journalContract } from '../client/journal-contract.ts';
import { sinkContract, type SinkUnderTest } from '../client/sink-contract.ts';
import { describeInBrowsers } from './browsers.ts';
import { freshName, remoteJournal, remoteSink, runIn, startStoragePage, type SinkPlace } from './storage-page.ts';

let storagePage: Awaited<ReturnType<typeof startStoragePage>>;
let url: string;

beforeAll(async () => {
  storagePage = await startStoragePage();
  ({ url } = storagePage);
});
afterAll(() => storagePage.stop());

const SHA256_OF_ABCDEF = 'bef57ec7f53a6d40beb640a780a639c83bc29ac8a9816f1fc6c5c6dcd93c4721';

/** Writes 150 MB in parts: Chromium has granted the space of some more bytes than a file has. */
async function fill(sink: Sink): Promise<void> {
  for (let start = 1_000_000; start < 150_000_000; start += 10_000_000)
    await sink.write(start, new Uint8Array(10_000_000));
}

describeInBrowsers('storage of downloads', (browser) => {
  const openSink = async (place: SinkPlace): Promise<SinkUnderTest> => {
    const { page } = await browser.visit(url);
    const name = freshName();
    return {
      make: () => remoteSink(page, name, place),
      read: async () => {
        const bytes = await runIn(page, place === 'worker' ? 'worker' : 'page', `read('${name}')`);
        return Array.isArray(bytes) ? Uint8Array.from(bytes) : undefined;
      },
    };
  };

  sinkContract('the private file system in a page', () => openSink('page'));
  sinkContract('the private file system in a worker', () => openSink('worker'));
  sinkContract('the private file system of a page with a worker', () => openSink('page over a worker'));

  journalContract('IndexedDB', async () => {
    const { page } = await browser.visit(url);
    const name = freshName();
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
      const part = new Uint8Array(1000);
      await store.read(border - 500, part);
      await store.close();
      return stored.length === size && stored.every((byte, i) => byte === source[i])
        && part.every((byte, i) => byte === source[border - 500 + i]) && (await store.open()) === size;
    })()`;
    const isEqual = await runIn(page, place, code);
    expect(isEqual).toBe(true);
  });

  test.for(['page', 'worker', 'page over a worker'] as const)(
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
          const bytes = new Uint8Array(1000);
          await store.read(0, bytes);
          return [name, bytes.every((byte) => byte === 7)];
        })()`,
        );
      expect(await write(0, 1_000_000)).toEqual([undefined, true]);
      await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 2_000_000 });
      expect(await write(1_000_000, 150_000_000)).toEqual(['QuotaExceededError', true]);
      await devtools.send('Storage.overrideQuotaForOrigin', { origin });
      expect(await write(1_000_000, 2_000_000)).toEqual([undefined, true]);
    },
  );

  test.runIf(browser.name === 'chromium')('a page over a worker says that the storage is full', async () => {
    const { page } = await browser.visit(url);
    const devtools = await page.context().newCDPSession(page);
    const { origin } = new URL(url);
    const sink = remoteSink(page, 'full', 'page over a worker');
    await sink.open();
    await sink.write(0, new TextEncoder().encode('abc'));
    await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1_000_000 });
    await expect(fill(sink)).rejects.toMatchObject({
      failure: { code: 'disk', reason: expect.stringContaining('the storage of this browser is full') },
    });
    await devtools.send('Storage.overrideQuotaForOrigin', { origin });
    await sink.write(3, new TextEncoder().encode('def'));
    expect(await sink.digest?.('sha-256', 6, new AbortController().signal)).toBe(SHA256_OF_ABCDEF);
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
