/** The URL of a storage: a host, a port, and a path, which some storages have; no user, query or fragment. */
export const STORAGE_ADDRESS = /^https?:\/\/(?:\[[\da-fA-F:.]+\]|[^/?#\s@:[\]]+)(?::\d{1,5})?(?:\/[\w.~%/-]*)?$/;

/** Whether a URL is an origin as browsers send it: no path, no default port, a host in lower case and in ASCII. */
export function isSentOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}

/** Hides the user name and the password of a URL in a message. */
export function withoutUser(url: string): string {
  return url.replace(/\/\/.*@/s, '//…@');
}
