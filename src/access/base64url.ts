/** Prints bytes as base64url without padding (RFC 4648 §5). */
export function printBase64Url(bytes: Uint8Array): string {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/**
 * Reads base64url without padding.
 *
 * @returns `undefined` for anything else, and for a last character with bits that stand for nothing: each byte string
 *   has one spelling, or a signature would stay valid with a bit changed.
 */
export function parseBase64Url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) return undefined;
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
  return printBase64Url(bytes) === text ? bytes : undefined;
}
