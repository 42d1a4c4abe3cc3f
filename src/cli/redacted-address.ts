/**
 * Prints an address for people and logs: without user, password and fragment, and without the values of its query,
 * which may be signatures.
 *
 * @example
 * import { redactedAddress } from './redacted-address.ts';
 *
 * redactedAddress(new URL('https://files.example.com/a.bin?Expires=1&Signature=abc')); // 'https://files.example.com/a.bin?Expires=…&Signature=…'
 */
export function redactedAddress({ origin, pathname, searchParams }: URL): string {
  const names = [...new Set(searchParams.keys())].map((name) => `${encodeURIComponent(name)}=…`);
  return `${origin}${pathname}${names.length === 0 ? '' : `?${names.join('&')}`}`;
}
