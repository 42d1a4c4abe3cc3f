import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** The stored part of one response. */
export interface CacheEntry {
  /** The fields of the representation, without those of a range. */
  readonly fields: Readonly<Record<string, string>>;
  readonly size: number;
  readonly etag: string | undefined;
  /** When it was stored, and until when it is fresh: ms since the epoch. */
  readonly stored: number;
  readonly freshUntil: number;
  /** The end of the stored bytes that begin at a position; the position itself if there are none. */
  storedUntil(position: number): number;
  /** The start of the next stored bytes after a position, or the size. */
  nextStored(position: number): number;
  read(start: number, end: number): Buffer;
  write(position: number, bytes: Uint8Array): void;
}

/** Stored responses by key, in files of a folder. */
export interface EdgeCache {
  get(key: string): CacheEntry | undefined;
  open(key: string, head: Pick<CacheEntry, 'fields' | 'size' | 'etag' | 'freshUntil'>): CacheEntry;
  keys(): readonly string[];
  clear(): void;
}

/** Creates a cache that keeps every byte that passes, in parts, as CloudFront does for ranges. */
export function createEdgeCache(folder: string): EdgeCache {
  const entries = new Map<string, CacheEntry>();
  // A replaced entry may still be read, so that files are closed at the end.
  const files: { readonly path: string; readonly file: number }[] = [];
  return {
    get: (key) => entries.get(key),
    open(key, head) {
      const path = join(folder, `entry-${files.length}`);
      const file = openSync(path, 'w+');
      files.push({ path, file });
      const entry = { ...head, stored: Date.now(), ...createSpans(file, head.size) };
      entries.set(key, entry);
      return entry;
    },
    keys: () => [...entries.keys()],
    clear() {
      entries.clear();
      for (const { path, file } of files.splice(0)) {
        closeSync(file);
        rmSync(path);
      }
    },
  };
}

function createSpans(file: number, size: number): Pick<CacheEntry, 'storedUntil' | 'nextStored' | 'read' | 'write'> {
  /** Half-open, sorted, and apart from each other. */
  let spans: readonly (readonly [start: number, end: number])[] = [];
  return {
    storedUntil: (position) => spans.find(([start, end]) => start <= position && position < end)?.[1] ?? position,
    nextStored: (position) => spans.find(([start]) => start > position)?.[0] ?? size,
    read(start, end) {
      const buffer = Buffer.alloc(end - start);
      if (readSync(file, buffer, 0, buffer.length, start) !== buffer.length) throw new Error('the file is shorter');
      return buffer;
    },
    write(position, bytes) {
      writeSync(file, bytes, 0, bytes.length, position);
      const [start, end] = [position, position + bytes.length];
      const touching = spans.filter(([first, last]) => first <= end && start <= last);
      const merged = [
        Math.min(start, ...touching.map(([first]) => first)),
        Math.max(end, ...touching.map(([, last]) => last)),
      ] as const;
      spans = [...spans.filter((span) => !touching.includes(span)), merged].toSorted(([a], [b]) => a - b);
    },
  };
}
