import { describe, expect, test } from 'vitest';
import type { Journal } from '../../src/client/journal.ts';

/** The contract of a journal. `open` makes one place, and returns a factory of journals over it. */
export function journalContract(name: string, open: () => Promise<() => Journal>): void {
  describe(`${name} is a journal`, () => {
    test('has no text at first', async () => {
      const journal = (await open())();
      expect(await journal.open()).toBeUndefined();
      await journal.close();
    });

    test('has the last text in the next run', async () => {
      const make = await open();
      const first = make();
      await first.open();
      await first.save('one');
      await first.save('two');
      await first.close();
      const second = make();
      expect(await second.open()).toBe('two');
      await second.close();
    });

    test('has no text after it was removed, and can be saved again', async () => {
      const make = await open();
      const journal = make();
      await journal.open();
      await journal.save('one');
      await journal.remove();
      await journal.remove();
      await journal.close();
      const second = make();
      expect(await second.open()).toBeUndefined();
      await second.save('two');
      await second.close();
      const third = make();
      expect(await third.open()).toBe('two');
      await third.close();
    });

    test('is refused while another has it, and not after that', async () => {
      const make = await open();
      const first = make();
      await first.open();
      const second = make();
      await expect(second.open()).rejects.toMatchObject({ name: 'DownloadError', failure: { code: 'conflict' } });
      await second.close();
      await first.save('one');
      await first.close();
      const third = make();
      expect(await third.open()).toBe('one');
      await third.close();
    });
  });
}
