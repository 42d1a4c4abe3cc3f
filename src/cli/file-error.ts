import { errorCode } from '../base/error-code.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file, because a part of its path is a file itself',
  EISDIR: 'this is a folder, and a file is needed',
  EACCES: 'this user may not read it',
  EPERM: 'this user may not read it',
  ELOOP: 'its symbolic links form a cycle',
};

/** Tells in a sentence why a file can't be read. */
export function explainFileError(error: unknown): string {
  return (
    REASONS[errorCode(error) ?? ''] ?? `it can't be read (${error instanceof Error ? error.message : 'unknown error'})`
  );
}
