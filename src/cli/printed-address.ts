import { networkInterfaces } from 'node:os';

/** Addresses of the wildcard, which clients can't connect to everywhere. */
const WILDCARDS = new Set(['0.0.0.0', '[::]']);

/**
 * Prints the addresses under which a server can be reached: its own, or, if it listens on all addresses, the one for this
 * machine and those for others.
 *
 * @param url of the server, without a trailing slash
 * @example
 * import { printAddresses } from './printed-address.ts';
 *
 * printAddresses('http://0.0.0.0:8787'); // 'http://127.0.0.1:8787/, for other machines http://192.0.2.7:8787/'
 */
export function printAddresses(url: string): string {
  const { hostname, port } = new URL(url);
  if (!WILDCARDS.has(hostname)) return `${url}/`;
  const others = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => `http://${address}:${port}/`);
  const own = `http://127.0.0.1:${port}/`;
  return others.length === 0 ? own : `${own}, for other machines ${others.join(' and ')}`;
}
