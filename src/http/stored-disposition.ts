import { printDisposition, shorten } from './content-disposition.ts';
import { trimOws } from './field-value.ts';

/** A stored Content-Disposition as far as it is read. */
interface Disposition {
  readonly type: string;
  readonly fileName: string | undefined;
}

const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

// A parameter with the semicolon before it. Values without quotes are taken up to the next semicolon, since uploaders
// leave the quotes out where RFC 6266 wants them. A quoted string may have quoted-pairs.
const PARAMETER = /;[ \t]*(?:([\w!#$%&'*+.^`|~-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^;"]*)))?[ \t]*/suy;

/** File systems take names of up to 255 bytes or characters. In UTF-16 units. */
const MAX_NAME = 255;

// A name is kept as it was stored, path separators and all (RFC 6266 §4.3 leaves those to the recipient, and an ASCII
// disposition is passed on with them). Replaced are characters that no header or file name means: controls, ends of
// lines, overrides of the reading direction, and U+FFFD, which stands for bytes that were no UTF-8: one or several for
// the same bytes, as the decoder likes. Joiners (U+200C, U+200D) stay: Persian words and emoji need them.
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const MISLEADING = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]|\ufffd+/gu;

/**
 * Prints a stored Content-Disposition that is not ASCII as one that is: its type, an ASCII `filename` and `filename*`.
 * Other parameters are dropped (RFC 6266 §4.4 lets recipients ignore them). Never throws.
 *
 * @returns the type alone where the rest can't be read; `undefined` where not even the type can
 */
export function reprintDisposition(text: string): string | undefined {
  const { type, fileName } = parseDisposition(text) ?? {};
  if (type === undefined || fileName === undefined) return type;
  const name = fileName.toWellFormed().replace(MISLEADING, '_');
  return printDisposition(type, shorten(name, MAX_NAME));
}

/**
 * Text whose characters are bytes of UTF-8 as the text that they mean: Node's HTTP clients give a character for a byte.
 * Any other text is what it means already, as R2's binding and workerd's `fetch` give it.
 */
export function asUtf8(text: string): string {
  // oxlint-disable-next-line no-control-regex -- all bytes are looked for
  if (!/^[\0-\xff]*$/.test(text)) return text;
  try {
    const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return text;
  }
}

function parseDisposition(text: string): Disposition | undefined {
  const semicolon = text.indexOf(';');
  const type = trimOws(semicolon < 0 ? text : text.slice(0, semicolon));
  if (!TOKEN.test(type)) return undefined;
  const parameters = semicolon < 0 ? undefined : parseParameters(text, semicolon);
  const extended = parameters?.get('filename*');
  // RFC 6266 §4.3: `filename*` is preferred.
  const fileName = (extended && decodeExtValue(extended)) ?? parameters?.get('filename');
  return { type, fileName: fileName === '' ? undefined : fileName };
}

/** @returns `undefined` where not all of the text is parameters */
function parseParameters(text: string, from: number): ReadonlyMap<string, string> | undefined {
  const parameters = new Map<string, string>();
  PARAMETER.lastIndex = from;
  for (let at = from; at < text.length; at = PARAMETER.lastIndex) {
    const match = PARAMETER.exec(text);
    if (match === null) return undefined;
    const [, name, quoted, plain = ''] = match;
    if (name === undefined) continue;
    const value = quoted === undefined ? trimOws(plain) : quoted.replace(/\\(.)/gsu, '$1');
    // A name may be there once (RFC 6266 §4.1); of several the first is taken.
    if (!parameters.has(name.toLowerCase())) parameters.set(name.toLowerCase(), value);
  }
  return parameters;
}

/** RFC 8187 §3.2.1, with characters that should have been encoded; `undefined` for anything else. */
function decodeExtValue(value: string): string | undefined {
  const [, charset = '', text = ''] = /^(utf-8|iso-8859-1)'[^']*'(.*)$/is.exec(value) ?? [];
  try {
    switch (charset.toLowerCase()) {
      case 'utf-8':
        return decodeURIComponent(text);
      case 'iso-8859-1':
        return text.replace(/%([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
      default:
        return undefined;
    }
  } catch {
    return undefined;
  }
}
