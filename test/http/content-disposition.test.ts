import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contentDisposition, safeFileName, savedFileName } from '../../src/http/content-disposition.ts';

/** Decodes the extended form as a client does (RFC 8187). */
function extended(value: string): string | undefined {
  const match = /; filename\*=UTF-8''([\w!#$&+.^`|~%-]*)$/.exec(value);
  return match === null ? undefined : decodeURIComponent(match[1] ?? '');
}

describe('contentDisposition', () => {
  const rows: readonly (readonly [name: string, key: string, expected: string])[] = [
    ['plain ASCII', 'report.pdf', 'attachment; filename="report.pdf"'],
    ['the last segment of a key', 'a/b/report.pdf', 'attachment; filename="report.pdf"'],
    ['spaces', 'my report.pdf', 'attachment; filename="my report.pdf"'],
    ['a semicolon and a comma', 'a;b,c.txt', 'attachment; filename="a;b,c.txt"'],
    ['a quote', 'a"b.txt', 'attachment; filename="a_b.txt"'],
    ['a backslash', String.raw`a\b.txt`, 'attachment; filename="a_b.txt"'],
    ['an apostrophe in ASCII', "it's.txt", 'attachment; filename="it\'s.txt"'],
    ['a percent sign', '100%.txt', `attachment; filename="100_.txt"; filename*=UTF-8''100%25.txt`],
    ['what looks encoded', 'a%20b.txt', `attachment; filename="a_20b.txt"; filename*=UTF-8''a%2520b.txt`],
    ['latin-1', 'caf\u00e9.txt', `attachment; filename="caf_.txt"; filename*=UTF-8''caf%C3%A9.txt`],
    [
      'what is no latin-1',
      '\u65e5\u672c.txt',
      `attachment; filename="__.txt"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.txt`,
    ],
    [
      'a character outside the plane',
      '\u{1f600}.txt',
      `attachment; filename="_.txt"; filename*=UTF-8''%F0%9F%98%80.txt`,
    ],
    [
      'characters that encodeURIComponent leaves and RFC 8187 does not',
      "\u00e9'()*!.txt",
      `attachment; filename="_'()_!.txt"; filename*=UTF-8''%C3%A9%27%28%29_!.txt`,
    ],
    ['a lone surrogate', 'a\ud800b.txt', `attachment; filename="a_b.txt"; filename*=UTF-8''a%EF%BF%BDb.txt`],
    ['CR LF', 'a\r\nSet-Cookie: b', 'attachment; filename="a__Set-Cookie_ b"'],
    ['nothing', '', 'attachment; filename="download"'],
    ['a key that ends in a slash', 'a/b/', 'attachment; filename="download"'],
  ];
  test.each(rows)('%s', (_name, key, expected) => {
    expect(contentDisposition('attachment', key)).toBe(expected);
  });
  test('inline', () => {
    expect(contentDisposition('inline', 'a.pdf')).toBe('inline; filename="a.pdf"');
  });
});

describe('safeFileName', () => {
  const rows: readonly (readonly [name: string, key: string, expected: string])[] = [
    ['takes the last segment', 'a/b/c.txt', 'c.txt'],
    ['replaces every character that some system refuses', 'a"*:<>?\\|b', 'a________b'],
    ['replaces control characters', 'a\u0000\u0009\u001f\u007f\u0085b', 'a_____b'],
    ['replaces the override that reverses an extension', 'invoice\u202efdp.exe', 'invoice_fdp.exe'],
    [
      'replaces every bidi embedding and isolate',
      'a\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069b',
      'a_________b',
    ],
    ['replaces both bidi marks', 'a\u200e\u200fb', 'a__b'],
    ['replaces characters without width', 'a\u200b\u200c\u200d\u2060\ufeffb', 'a_____b'],
    ['replaces line and paragraph separators', 'a\u2028\u2029b', 'a__b'],
    ['drops leading dots, which hide', '..bashrc', 'bashrc'],
    ['drops leading spaces', '  a', 'a'],
    ['drops trailing dots and spaces', 'a. . ', 'a'],
    ['keeps dots inside', 'a.tar.gz', 'a.tar.gz'],
    ['names what is nothing', '', 'download'],
    ['names what is all dots', '..', 'download'],
    ['names what is all spaces', '   ', 'download'],
    ['gives a device another name', 'CON', '_CON'],
    ['gives a device with an extension another name', 'nul.txt', '_nul.txt'],
    ['gives a numbered device another name', 'Com1.tar.gz', '_Com1.tar.gz'],
    ['gives LPT9 another name', 'lpt9', '_lpt9'],
    ['gives PRN another name', 'prn.a', '_prn.a'],
    ['gives AUX another name', 'aux', '_aux'],
    ['gives a device that is bared by trimming another name', ' .con. ', '_con'],
    ['keeps a name that begins like a device', 'console.log', 'console.log'],
    ['keeps a name that ends like a device', 'falcon', 'falcon'],
    ['keeps a device in an extension', 'a.con', 'a.con'],
    ['keeps a number that is no device', 'com10', 'com10'],
    ['keeps what is no ASCII', '\u65e5\u672c\u00e9\u{1f600}', '\u65e5\u672c\u00e9\u{1f600}'],
    ['keeps a hash and a percent sign', 'a#%.txt', 'a#%.txt'],
  ];
  test.each(rows)('%s', (_name, key, expected) => {
    expect(safeFileName(key)).toBe(expected);
  });
  // U+061C is a bidi control as U+200E and U+200F are (Unicode, Bidi_Control).
  test('replaces the Arabic letter mark', () => {
    expect(safeFileName('a\u061cb')).toBe('a_b');
  });
});

describe('a long name', () => {
  const rows: readonly (readonly [name: string, key: string, extension: string])[] = [
    ['300 of ASCII', `${'a'.repeat(300)}.tar.gz`, '.gz'],
    ['1,000 of ASCII', `${'a'.repeat(1000)}.pdf`, '.pdf'],
    ['300 of three bytes', `${'\u65e5'.repeat(300)}.pdf`, '.pdf'],
    ['300 outside the plane', `${'\u{1f600}'.repeat(300)}.pdf`, '.pdf'],
    ['300 outside the plane, shifted by one', `a${'\u{1f600}'.repeat(300)}.pdf`, '.pdf'],
    ['an extension of 15 characters', `${'\u65e5'.repeat(300)}.${'x'.repeat(15)}`, `.${'x'.repeat(15)}`],
    ['an extension that is no ASCII', `${'a'.repeat(900)}.${'\u65e5'.repeat(15)}`, `.${'\u65e5'.repeat(15)}`],
    ['an extension that is too long to be one', `a.${'\u65e5'.repeat(300)}`, ''],
    ['no extension', '\u65e5'.repeat(300), ''],
    ['percent signs', `${'%'.repeat(300)}.pdf`, '.pdf'],
  ];
  test.each(rows)('%s: the line is shorter than 512 bytes and keeps the extension', (_name, key, extension) => {
    const value = contentDisposition('attachment', key);
    expect(`Content-Disposition: ${value}\r\n`.length).toBeLessThan(512);
    expect((extended(value) ?? /"(.*)"/.exec(value)?.[1] ?? '').endsWith(extension)).toBe(true);
  });
  test.each(rows)('%s: the name is a prefix of the whole name, cut between characters', (_name, key, extension) => {
    const name = extended(contentDisposition('attachment', key)) ?? '';
    expect(key.startsWith(name.slice(0, name.length - extension.length))).toBe(true);
    expect(name).not.toContain('\ufffd');
  });
  test('uses the whole allowed length', () => {
    expect(contentDisposition('attachment', 'a'.repeat(1000))).toHaveLength(480);
  });
  test('leaves 457 ASCII characters unchanged', () => {
    const name = 'a'.repeat(457);
    expect(contentDisposition('attachment', name)).toBe(`attachment; filename="${name}"`);
  });
  // A cut can leave a trailing space or dot, which safeFileName removes from the whole name.
  test('does not end in a space or a dot at the cut', () => {
    const value = contentDisposition('attachment', `${'a'.repeat(456)}. b c d e f g h i j k l m`);
    expect(value).toMatch(/[^ .]"$/);
  });
});

describe('savedFileName', () => {
  test.each([
    ['no name', 'a/b.txt', '', 'a/b.txt'],
    ['a flag', 'a/b.txt', '1', 'a/b.txt'],
    ['another flag', 'a/b.txt', 'true', 'a/b.txt'],
    ['a name', 'a/b.txt', 'c.txt', 'c.txt'],
    ['an ending in other letters', 'a/b.txt', 'c.TXT', 'c.TXT'],
    ['no ending', 'a/b.txt', 'c', 'c.txt'],
    ['the ending of a program', 'a/b.txt', 'setup.exe', 'setup.exe.txt'],
    ['a program by a trailing dot', 'a/b.txt', 'setup.exe.', 'setup.exe.txt'],
    ['a program by an ending alone', 'a/b.txt', '.exe', 'exe.txt'],
    ['no ending of an archive', 'b.tar.gz', 'v2', 'v2.tar.gz'],
    ['the last ending of an archive', 'b.tar.gz', 'v2.gz', 'v2.gz'],
    ['a key without ending', 'blobs/5eb63bbb', 'report.pdf', 'report.pdf'],
    ['a key that is hidden', 'a/.profile', 'report.pdf', 'report.pdf'],
    ['a key whose ending is a sentence', 'a/Mr. Brown and his friends', 'report.pdf', 'report.pdf'],
    ['a path', 'b.txt', '/etc/passwd', 'passwd.txt'],
    ['a path of Windows', 'b.txt', String.raw`C:\x.txt`, 'C__x.txt'],
    ['a device of Windows', 'b.txt', 'con.txt', '_con.txt'],
    ['an override of the writing direction', 'b.exe', 'a\u202Ecod', 'a_cod.exe'],
    ['nothing that is safe', 'a/b.txt', ' . ', 'a/b.txt'],
    ['a folder', 'a/b.txt', 'c/', 'a/b.txt'],
  ])('%s', (_name, key, requested, expected) => {
    expect(savedFileName(key, requested)).toBe(expected);
  });

  test('keeps the ending of the key for every name', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 40 }),
        fc.constantFrom('.txt', '.tar.gz', '.é'),
        (name, ending) => {
          const value = contentDisposition('attachment', savedFileName(`a/b${ending}`, name));
          const saved = extended(value) ?? /filename="([^"]*)"/.exec(value)?.[1] ?? '';
          expect(saved.toLowerCase().endsWith(ending.replace('.tar', ''))).toBe(true);
        },
      ),
    );
  });
});

// With a regular expression for the last of them, 200,000 took 20 seconds.
test.each([
  ['dots before a letter', `${'.'.repeat(200_000)}a`],
  ['dots and blanks inside', `a${'. '.repeat(100_000)}b`],
  ['dots at the end', `a${'.'.repeat(200_000)}`],
  ['dots behind letters', `${'a'.repeat(200_000)}${'.'.repeat(200_000)}b`],
])('a name of %s takes linear time', (_name, key) => {
  const began = performance.now();
  contentDisposition('attachment', key);
  expect(performance.now() - began).toBeLessThan(1_000);
});
