import { toHex } from '../base/hex.ts';
import { HASH_LENGTH, pieceLengthOf, type PieceIndex } from './piece-index.ts';

/** Media type of a Metalink document (RFC 5854 §8). */
export const METALINK_TYPE = 'application/metalink4+xml';

/** The version of {@link printMetalink}, to be raised when the text that it prints changes. */
export const METALINK_PRINTER = 1;

/**
 * Prints a Metalink document (RFC 5854), from which a client checks a file as a whole and in pieces.
 *
 * @param name of the file
 * @param url at which the client reads it
 */
export function printMetalink({ size, sha256, pieces }: PieceIndex, name: string, url: string): string {
  const hashes = Array.from({ length: pieces.length / HASH_LENGTH }, (_, i) => {
    return `<hash>${toHex(pieces.subarray(i * HASH_LENGTH, (i + 1) * HASH_LENGTH))}</hash>\n`;
  });
  // §4.2.14: a list of pieces is not empty.
  const list =
    hashes.length === 0 ? '' : `<pieces length="${pieceLengthOf(size)}" type="sha-256">\n${hashes.join('')}</pieces>\n`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<metalink xmlns="urn:ietf:params:xml:ns:metalink">
<file name="${escapeXml(fileName(name))}">
<size>${size}</size>
<hash type="sha-256">${toHex(sha256)}</hash>
${list}<url>${escapeXml(url)}</url>
</file>
</metalink>
`;
}

/** §4.1.2.1: a name leads to no other folder. */
function fileName(name: string): string {
  const last = name.split(/[/\\]/).findLast((segment) => segment !== '') ?? '';
  return last === '' || last === '.' || last === '..' ? 'download' : last;
}

/** Characters that XML 1.0 can't have, not even escaped, become `_`. */
function escapeXml(text: string): string {
  // oxlint-disable-next-line no-control-regex -- the pattern has to match control characters
  const valid = text.toWellFormed().replaceAll(/[\0-\x1f\x7f-\x9f\ufffe\uffff]/g, '_');
  return valid.replaceAll(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
