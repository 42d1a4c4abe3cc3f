import { printDisposition, shorten } from './content-disposition.ts';
import { trimOws } from './field-value.ts';

/** A parsed Content-Disposition: its type and file name, without other parameters. */
export interface Disposition {
  readonly type: string;
  readonly fileName: string | undefined;
}

const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

// A parameter with the semicolon before it. An unquoted value ends at the next semicolon, since uploaders often omit
// the quotes that RFC 6266 requires. A quoted string may have quoted-pairs.
const PARAMETER = /;[ \t]*(?:([\w!#$%&'*+.^`|~-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^;"]*)))?[ \t]*/suy;

/** Longest file name, in UTF-16 units. File systems accept names of up to 255 bytes or characters. */
const MAX_NAME = 255;

// A name stays as it was stored, including path separators (RFC 6266 §4.3 leaves those to the recipient, and an ASCII
// disposition is sent with them too). Some characters are replaced, because no file name needs them: controls, line
// ends, overrides of the writing direction, and U+FFFD, which a decoder puts in place of invalid UTF-8. Decoders differ
// in how many they put, so a run of them becomes one. Joiners (U+200C, U+200D) stay: Persian words and emoji need them.
// oxlint-disable-next-line no-control-regex -- the pattern has to match control characters
const MISLEADING = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]|\ufffd+/gu;

/**
 * Converts a Content-Disposition to ASCII: type, ASCII `filename` and `filename*`. Other parameters are removed (RFC
 * 6266 §4.4 allows recipients to ignore them). Never throws.
 *
 * @param text the stored value, decoded
 * @returns the type alone if the parameters are malformed; `undefined` if the type is malformed
 */
export function toAsciiDisposition(text: string): string | undefined {
  const { type, fileName } = parseDisposition(text) ?? {};
  if (type === undefined || fileName === undefined) return type;
  const name = fileName.toWellFormed().replace(MISLEADING, '_');
  return printDisposition(type, shorten(name, MAX_NAME));
}

/**
 * Decodes a text whose characters are bytes of UTF-8. Node's HTTP clients return field values in this form, one
 * character per byte.
 *
 * @returns the same text if it is decoded already, as R2's binding and workerd's `fetch` return it
 */
export function decodeUtf8(text: string): string {
  // oxlint-disable-next-line no-control-regex -- the pattern has to match all bytes
  if (!/^[\0-\xff]*$/.test(text)) return text;
  try {
    const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return text;
  }
}

/**
 * Parses a Content-Disposition.
 *
 * @param text the value, decoded
 * @returns its type and file name as they stand there; `undefined` if the type is malformed
 */
export function parseDisposition(text: string): Disposition | undefined {
  const semicolon = text.indexOf(';');
  const type = trimOws(semicolon < 0 ? text : text.slice(0, semicolon));
  if (!TOKEN.test(type)) return undefined;
  const parameters = semicolon < 0 ? undefined : parseParameters(text, semicolon);
  const extended = parameters?.get('filename*');
  // RFC 6266 §4.3: `filename*` is preferred.
  const fileName = (extended && decodeExtValue(extended)) ?? parameters?.get('filename');
  return { type, fileName: fileName === '' ? undefined : fileName };
}

/** @returns `undefined` if any part of the text is no parameter */
function parseParameters(text: string, from: number): ReadonlyMap<string, string> | undefined {
  const parameters = new Map<string, string>();
  PARAMETER.lastIndex = from;
  for (let position = from; position < text.length; position = PARAMETER.lastIndex) {
    const match = PARAMETER.exec(text);
    if (match === null) return undefined;
    const [, name, quoted, unquoted = ''] = match;
    if (name === undefined) continue;
    const value = quoted === undefined ? trimOws(unquoted) : quoted.replace(/\\(.)/gsu, '$1');
    // A name may occur only once (RFC 6266 §4.1). If it occurs again, the first value counts.
    if (!parameters.has(name.toLowerCase())) parameters.set(name.toLowerCase(), value);
  }
  return parameters;
}

/**
 * Decodes an ext-value (RFC 8187 §3.2.1). Characters that should have been percent-encoded are accepted.
 *
 * @returns `undefined` if the value is malformed, or has another charset
 */
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
