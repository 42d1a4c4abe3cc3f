import { safeFileName, shorten } from '../../http/content-disposition.ts';
import { parseDisposition } from '../../http/stored-disposition.ts';
import type { FieldReader } from '../../client/validator.ts';

/** In bytes. File systems take 255, and the names of the part, the journal and its lock are longer. */
const MAX_NAME = 220;

/**
 * Finds the name of a file: that of Content-Disposition, else the last segment of the address. Made safe: no path, not
 * hidden, no device of Windows, not too long.
 *
 * @param url the address that was given
 */
export function nameOf(url: URL, fields: FieldReader): string {
  const disposition = parseDisposition(fields.get('Content-Disposition') ?? '')?.fileName;
  const name = safeFileName(disposition ?? decode(url.pathname));
  for (let length = name.length; ; length--) {
    const shorter = shorten(name, length);
    if (Buffer.byteLength(shorter) <= MAX_NAME) return shorter;
  }
}

/** The slash of an encoded segment stays encoded, so that it is no path. */
function decode(path: string): string {
  const segment = path.slice(path.lastIndexOf('/') + 1);
  try {
    return decodeURIComponent(segment).replaceAll('/', '_');
  } catch {
    return segment;
  }
}
