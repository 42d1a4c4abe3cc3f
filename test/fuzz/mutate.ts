import type { Random } from './random.ts';

/** Texts on which parsers of fields are known to fail. */
const TOKENS = [
  ' ',
  '\t',
  ',',
  ', ',
  '"',
  '""',
  'W/',
  'w/',
  '*',
  '-',
  '--',
  '+',
  '=',
  '/',
  '\\"',
  ';',
  '%00',
  '0',
  '-0',
  '1e3',
  '0x10',
  '1_000',
  '.5',
  'NaN',
  'Infinity',
  '99999999999999999999',
  'bytes=',
  'bytes 0-1/2',
  'none',
  'GMT',
  'UTC',
  '+0000',
  '\u0001',
  '\u007f',
  '\u0080',
  '\u00a0',
  '\u00ad',
  '\u00ff',
  '\u00c3\u00a9',
  '\u00d9\u00a0',
  '\u00e2\u0080\u008b',
  '\u00ef\u00bb\u00bf',
];

/** Damages a value a little, up to four times. */
export function mutate(random: Random, value: string): string {
  let text = value;
  for (let left = 1 + random.below(4); left > 0; left--) text = mutateOnce(random, text);
  return text;
}

function mutateOnce(random: Random, text: string): string {
  const at = random.below(text.length + 1);
  const end = Math.min(text.length, at + 1 + random.below(6));
  switch (random.below(8)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(at);
    case 2:
      return text.slice(0, at) + text.slice(end);
    case 3:
      return text.slice(0, end) + text.slice(at);
    case 4: {
      // A bit flipped, and still a byte.
      const code = (text.charCodeAt(at) || 0x2c) ^ (1 << random.below(8));
      return text.slice(0, at) + String.fromCharCode(code & 0xff) + text.slice(at + 1);
    }
    case 5:
      // ASCII alone: of others the other case may be no byte.
      return random.oneIn(2)
        ? text.replace(/[a-z]+/g, (letters) => letters.toUpperCase())
        : text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
    default:
      return text.slice(0, at) + random.pick(TOKENS) + text.slice(at);
  }
}

/** Any bytes at all, up to `length` of them. */
export function noise(random: Random, length: number): string {
  let text = '';
  for (let left = random.below(length + 1); left > 0; left--) {
    text += random.oneIn(3) ? random.pick(TOKENS) : String.fromCharCode(random.below(256));
  }
  return text;
}
