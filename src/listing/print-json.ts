import { digestFields, printEntityTag, printHttpDate, toSeconds } from '../http/index.ts';
import type { Entry } from './entries.ts';

/**
 * Prints a listing in the shape of nginx's `autoindex_format json`, which mirroring programs read: an array of objects
 * with `name`, `type`, `mtime` and `size`. Objects have their `etag` in addition, so that a mirror can compare versions
 * without a request for each, and `reprDigest`, the Repr-Digest field of a download, if the storage lists digests.
 */
export function printJson(entries: readonly Entry[]): string {
  const lines = entries.map((entry) => JSON.stringify(toJson(entry)));
  return lines.length === 0 ? '[]\n' : `[\n${lines.join(',\n')}\n]\n`;
}

function toJson(entry: Entry): object {
  if (entry.type === 'folder') return { name: entry.name, type: 'directory' };
  const { size, etag, lastModified, digests } = entry.object;
  const [reprDigest] = digestFields(digests);
  return {
    name: entry.name,
    type: 'file',
    mtime: lastModified === undefined ? undefined : printHttpDate(toSeconds(lastModified)),
    size,
    etag: etag === undefined ? undefined : printEntityTag(etag),
    reprDigest: reprDigest?.[1],
  };
}
