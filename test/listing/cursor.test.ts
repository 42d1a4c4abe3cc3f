import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCursor, printCursor } from '../../src/listing/cursor.ts';

describe('a cursor', () => {
  test('is read as it was printed, whatever characters it has', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1 }), fc.string(), async (cursor, listing) => {
        const token = await printCursor(cursor, listing);
        expect(token).toMatch(/^[\w-]+$/);
        expect(await parseCursor(token, listing)).toBe(cursor);
      }),
    );
  });

  test('of another listing is refused', async () => {
    const token = await printCursor('a', 'mount/x/');
    for (const listing of ['mount/y/', 'mount/x', 'mount/x/ ', ''])
      expect(await parseCursor(token, listing)).toBeUndefined();
  });

  test('is refused if a character is changed, added or left out', async () => {
    const token = await printCursor('some/key.bin', 'mount/');
    for (let i = 0; i < token.length; i++) {
      const other = token[i] === 'A' ? 'B' : 'A';
      // The last character has bits that no byte needs.
      if (i < token.length - 1)
        expect(await parseCursor(token.slice(0, i) + other + token.slice(i + 1), 'mount/'), String(i)).toBeUndefined();
      expect(await parseCursor(token.slice(0, i), 'mount/')).toBeUndefined();
    }
    for (const text of ['', 'A', '....', '%00', 'A'.repeat(10_000), `${token}AAAA`])
      expect(await parseCursor(text, 'mount/')).toBeUndefined();
  });
});
