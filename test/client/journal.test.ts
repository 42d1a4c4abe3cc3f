import { expect, test } from 'vitest';
import { hashQuery, makeSalt, parseJournal, printJournal, type JournalEntry } from '../../src/client/journal.ts';

const ENTRY: JournalEntry = {
  address: 'https://files.example/a.bin',
  query: { salt: 'abc', hash: 'def' },
  version: {
    size: 100,
    validator: { type: 'tag', tag: { weak: false, opaque: 'a' } },
    isCoded: false,
    digests: [{ algorithm: 'sha-256', hex: 'e3'.repeat(32) }],
  },
  written: [
    { start: 0, end: 10 },
    { start: 20, end: 100 },
  ],
};

test('an entry is parsed as it was printed', () => {
  expect(parseJournal(printJournal(ENTRY))).toEqual(ENTRY);
  const dated: JournalEntry = {
    ...ENTRY,
    version: { ...ENTRY.version, validator: { type: 'date', seconds: 1_700_000_000 } },
  };
  expect(parseJournal(printJournal(dated))).toEqual(dated);
});

test('every single damaged byte is found', () => {
  const text = printJournal(ENTRY);
  for (let i = 0; i < text.trimEnd().length; i++) {
    const damaged = `${text.slice(0, i)}${text[i] === '~' ? '}' : '~'}${text.slice(i + 1)}`;
    expect(['foreign', 'newer'], `byte ${i}`).toContain(parseJournal(damaged));
  }
});

test('a text that is cut at any place is found', () => {
  const text = printJournal(ENTRY);
  for (let i = 0; i < text.trimEnd().length; i++) expect(parseJournal(text.slice(0, i))).toBe('foreign');
});

test('a newer format is told from a text that is no journal', () => {
  expect(parseJournal(printJournal(ENTRY).replace('journal 1', 'journal 2'))).toBe('newer');
  expect(parseJournal('')).toBe('foreign');
  expect(parseJournal('aria2')).toBe('foreign');
});

test('an entry whose bytes are outside the file is none', () => {
  expect(parseJournal(printJournal({ ...ENTRY, written: [{ start: 0, end: 101 }] }))).toBe('foreign');
});

test('a query is told by its hash, which has a salt', async () => {
  const [one, two] = [makeSalt(), makeSalt()];
  expect(await hashQuery('?a=1', one)).toBe(await hashQuery('?a=1', one));
  expect(await hashQuery('?a=1', one)).not.toBe(await hashQuery('?a=2', one));
  expect(await hashQuery('?a=1', one)).not.toBe(await hashQuery('?a=1', two));
});
