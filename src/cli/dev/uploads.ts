import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** A multipart upload that has begun. */
export interface StartedUpload {
  /** Of the file that is uploaded; another mark means another content. */
  readonly mark: string;
  /** The id that the bucket has given it. */
  readonly id: string;
  /** Bytes of a part; the last one may have fewer. */
  readonly part: number;
  /** The parts that are stored, in order, as the bucket has described them. */
  readonly parts: readonly unknown[];
}

/** Remembers multipart uploads, so that one that was interrupted goes on with the next run. */
export interface Uploads {
  get(key: string): StartedUpload | undefined;
  set(key: string, upload: StartedUpload): void;
  delete(key: string): void;
}

/** Keeps uploads in memory. */
export function memoryUploads(): Uploads {
  const uploads = new Map<string, StartedUpload>();
  return {
    get: (key) => uploads.get(key),
    set: (key, upload) => void uploads.set(key, upload),
    delete: (key) => void uploads.delete(key),
  };
}

/** Keeps uploads in a file, which is replaced with each change. A file that can't be read counts as empty. */
export function fileUploads(file: string): Uploads {
  const uploads = new Map(readEntries(file));
  const save = () => {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.new`, JSON.stringify([...uploads]));
    renameSync(`${file}.new`, file);
  };
  return {
    get: (key) => uploads.get(key),
    set(key, upload) {
      uploads.set(key, upload);
      save();
    },
    delete(key) {
      if (uploads.delete(key)) save();
    },
  };
}

function readEntries(file: string): readonly (readonly [string, StartedUpload])[] {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return Array.isArray(value) ? value.filter(isEntry) : [];
  } catch {
    return [];
  }
}

function isEntry(entry: unknown): entry is readonly [string, StartedUpload] {
  if (!Array.isArray(entry) || typeof entry[0] !== 'string') return false;
  const upload: unknown = entry[1];
  if (typeof upload !== 'object' || upload === null) return false;
  const { mark, id, part, parts }: { mark?: unknown; id?: unknown; part?: unknown; parts?: unknown } = upload;
  return typeof mark === 'string' && typeof id === 'string' && Number.isSafeInteger(part) && Array.isArray(parts);
}
