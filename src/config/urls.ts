/** The URL of a storage: a host, a port, and a path, which some storages have; no user, query or fragment. */
export const STORAGE_ADDRESS = /^https?:\/\/(?:\[[\da-fA-F:.]+\]|[^/?#\s@:[\]]+)(?::\d{1,5})?(?:\/[\w.~%/-]*)?$/;

/** Hides the user name and the password of a URL in a message. */
export function withoutUser(url: string): string {
  return url.replace(/\/\/.*@/s, '//…@');
}
