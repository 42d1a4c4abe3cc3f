import type { Outcome } from './answer-clients.ts';

/** A way in which the two clients may differ, with the rule that allows it. */
export interface Difference {
  readonly reason: string;
  readonly rule: string;
  /** The message of the client that refuses. */
  readonly says: RegExp;
  /** Whether an answer has what the rule is about: the message alone would excuse too much. */
  readonly shows: (text: string) => boolean;
  /** An answer to GET that one client reads and the other refuses. */
  readonly example: string;
}

const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;

function has(...patterns: readonly RegExp[]): Difference['shows'] {
  return (text) => patterns.every((pattern) => pattern.test(text));
}

/** Whether a line's rest is made of extensions (RFC 9112 §7.1.1). */
function isExtension(text: string): boolean {
  const [, ...parts] = text.replace(/"(?:[^"\\]|\\.)*"/g, '""').split(';');
  return parts.every((part) =>
    /^[ \t]*[\w!#$%&'*+.^`|~-]+(?:[ \t]*=[ \t]*(?:[\w!#$%&'*+.^`|~-]+|""))?[ \t]*$/.test(part),
  );
}

/** Differences in which our client refuses and undici reads. */
export const STRICTER: readonly Difference[] = [
  {
    reason: 'A transfer coding that is not chunked, once. undici reads it to the end of the connection, or as chunked.',
    rule: 'RFC 9112 §6.1: chunked is never applied twice; §7: no other coding was asked for with TE',
    says: /: its Transfer-Encoding is /,
    shows: has(/\r\ntransfer-encoding:/i),
    example: `${OK}Transfer-Encoding: gzip\r\n\r\nabc`,
  },
  {
    reason: 'A length beside a coding. undici reads it where the coding is empty.',
    rule: 'RFC 9112 §6.3: ought to be handled as an error',
    says: /: it has a Content-Length and a Transfer-Encoding/,
    shows: has(/\r\ncontent-length:/i, /\r\ntransfer-encoding:/i),
    example: `${OK}Transfer-Encoding:\r\nContent-Length: 3\r\n\r\nabc`,
  },
  {
    reason:
      'A tab beside a length or a coding. undici takes one behind chunked for a part of it, and reads to the end.',
    rule: 'RFC 9112 §5: white space around a value is no part of it; §11: what is read in two ways is an attack',
    says: /: a tab stands beside its /,
    shows: has(/\r\n(?:content-length|transfer-encoding):[^\r]*\t/i),
    example: `${OK}Content-Length:\t3\r\n\r\nabc`,
  },
  {
    reason: 'A length that a number can not hold exactly, where there is no body that it could be of.',
    rule: 'RFC 9110 §8.6: overflows are to be prevented',
    says: /: its Content-Length is \d{16,}/,
    shows: has(/\r\ncontent-length:[ \t]*\d{16,}/i),
    example: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 9007199254740993\r\n\r\n',
  },
  {
    reason: 'Empty lines before a status line.',
    rule: 'RFC 9112 §2.2: a server may skip them before a request; nothing allows them here',
    says: /: it is no HTTP\/1\.1 answer/,
    shows: has(/(?:^|\r\n\r\n)\r\n/),
    example: `\r\n${OK}Content-Length: 3\r\n\r\nabc`,
  },
  {
    reason: 'NUL, or half a line end, before or in the status line.',
    rule: 'RFC 9112 §2.2 and RFC 9110 §5.5: not to be taken as they are',
    says: /: (?:its head|a line) has control characters/,
    shows: has(/\0|\r(?!\n)|(?<!\r)\n/),
    example: 'HTTP/1.1 200 O\0K\r\nContent-Length: 3\r\n\r\nabc',
  },
  {
    reason: 'A chunk extension without a name, with = and no value, or with more behind its value.',
    rule: 'RFC 9112 §7.1.1: a name is a token, a value a token or a quoted string',
    says: /: the line before a chunk is no size with extensions/,
    shows: (text) =>
      [...text.matchAll(/\r\n[\da-f]+(;[^\r]*)(?=\r\n)/gi)].some(([, found]) => !isExtension(found ?? '')),
    example: `${CHUNKED}3;a=\r\nabc\r\n0\r\n\r\n`,
  },
  {
    reason: 'A coding in the trailer section.',
    rule: 'RFC 9110 §6.5.1: no field that describes the framing',
    says: /: its trailer has a transfer-encoding/,
    shows: has(/\r\n0+[^\r]*\r\n(?:.*\r\n)*transfer-encoding:/i),
    example: `${CHUNKED}0\r\nTransfer-Encoding: chunked\r\n\r\n`,
  },
  {
    reason: 'A head of more than 64 KiB. undici does not count the reason phrase.',
    rule: 'RFC 9110 §5.4: a recipient may refuse what is larger than it wishes to process',
    says: /: its head or a line is longer than 65536 bytes/,
    shows: (text) => text.length > 65_536,
    example: `HTTP/1.1 200 ${'x'.repeat(66_000)}\r\nContent-Length: 3\r\n\r\nabc`,
  },
  {
    reason: 'An extension of more than 8 KiB.',
    rule: 'RFC 9112 §7.1.1: the length of extensions is to be limited',
    says: /: its head or a line is longer than 8192 bytes/,
    shows: has(/\r\ntransfer-encoding:/i, /\r\n[\da-f]+;[^\r]{8000}/i),
    example: `${CHUNKED}3;${'x'.repeat(9_000)}\r\nabc\r\n0\r\n\r\n`,
  },
];

/** Differences in which our client reads, because a rule requires it, and undici refuses. */
export const REQUIRED: readonly Difference[] = [
  {
    reason: '100 (Continue) that was not asked for.',
    rule: 'RFC 9110 §15.2: a client MUST be able to parse 1xx answers that it does not expect',
    says: /^bad response/,
    shows: has(/HTTP\/1\.[01] 100/),
    example: `HTTP/1.1 100 Continue\r\n\r\n${OK}Content-Length: 3\r\n\r\nabc`,
  },
  {
    reason: 'Control characters in a value, which objects have that were stored with them. They are not printed.',
    rule: 'RFC 9110 §5.5: may be retained in a safe context; the same on all platforms',
    says: /\(Invalid header value char\)|^Response body length does not match/,
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    shows: has(/^(?:[^\r\n]*\r\n)+?[^\r\n:]+:[^\r\n]*[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]/),
    example: `${OK}X: a\u0007b\r\nContent-Length: 3\r\n\r\nabc`,
  },
  {
    reason: 'White space behind a length.',
    rule: 'RFC 9112 §5: optional white space around a value is excluded from it',
    says: /^Response body length does not match|\(Invalid character in Content-Length\)/,
    shows: has(/\r\ncontent-length:[^\r]*[ \t]\r\n/i),
    example: `${OK}Content-Length: 3 \r\n\r\nabc`,
  },
  {
    reason: 'White space in the line before a chunk.',
    rule: 'RFC 9112 §7.1.1 and RFC 9110 §5.6.3: a recipient MUST parse bad white space',
    says: /\(Invalid character in chunk (?:size|extensions|extensions name|extensions value)\)/,
    shows: has(/\r\ntransfer-encoding:/i, /\r\n[\da-f]+(?:[ \t]|;[^\r]*[ \t])/i),
    example: `${CHUNKED}3 ; a = b \r\nabc\r\n0\r\n\r\n`,
  },
  {
    reason: 'Proxy-Connection in an interim answer.',
    rule: 'RFC 9112 appendix C.2.2: no field of HTTP/1.1',
    says: /\(Data after `Connection: close`\)/,
    shows: has(/HTTP\/1\.1 1[^\r]*\r\n(?:[^\r\n]+\r\n)*proxy-connection:/i),
    example: `HTTP/1.1 103 Early Hints\r\nProxy-Connection: close\r\n\r\n${OK}Content-Length: 3\r\n\r\nabc`,
  },
];

/** Compares what two clients made of an answer. @returns the difference that allows it; `undefined` where they agree */
export function compareOutcomes(text: string, ours: Outcome, theirs: Outcome): Difference | undefined {
  if (ours.type === 'refused') return theirs.type === 'refused' ? undefined : explain(STRICTER, text, ours.why);
  if (theirs.type === 'refused') return explain(REQUIRED, text, theirs.why);
  if (JSON.stringify(ours) !== JSON.stringify(theirs)) throw new Error('the clients read different answers');
  return undefined;
}

function explain(differences: readonly Difference[], text: string, why: string): Difference {
  const found = differences.find(({ says, shows }) => says.test(why) && shows(text));
  if (found !== undefined) return found;
  throw new Error(
    differences === STRICTER
      ? `only ours refuses it, for no reason that is listed: ${why}`
      : `only undici refuses it: ${why}`,
  );
}
