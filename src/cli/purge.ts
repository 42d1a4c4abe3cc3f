import { errorCode } from '../base/error-code.ts';
import { CACHE_TAG } from '../config/settings.ts';
import { cachedAddresses, openCdnPurge } from './cdn/purge-cdn.ts';
import type { CdnPurge, PurgeOutcome } from './cdn/request.ts';
import { PURGE_COMMAND } from './commands.ts';
import { objectAddress, parseGatewayUrl } from './object-address.ts';
import { parseCommandLine } from './options.ts';
import { say } from './say.ts';
import { usageError } from './usage.ts';

/** The token is read from the environment only: every user of the machine can read command lines. */
const VARIABLE = 'RANGEWAY_PURGE_TOKEN';

/** The timeout for the gateway's response, in ms. */
const LIMIT = 30_000;

/** The exit code if the gateway did not purge; 2 is for a mistake of the caller. */
const EXIT_REFUSED = 1;

/** The most purges that are sent to a gateway at once. */
const CONCURRENCY = 4;

/**
 * Runs `rangeway purge KEY… --url URL`: a gateway revalidates the metadata of keys at their next requests. With `--cdn`,
 * a CDN removes its copies too, after the gateway; the gateway is purged only if there is a token for it. With `--tags`,
 * a CDN removes all responses with these tags.
 *
 * @throws UsageError for a key, an address, a CDN or a token that can't be used
 */
export async function sendPurge(args: readonly string[]): Promise<void> {
  const { texts, operands } = parseCommandLine(args, PURGE_COMMAND);
  const { url, tags, cdn, zone, distribution } = texts;
  if (cdn === undefined && (zone ?? distribution ?? tags) !== undefined) {
    throw usageError('--tags, --zone and --distribution are for --cdn');
  }
  const purgeCdn = cdn === undefined ? undefined : openCdnPurge({ cdn, zone, distribution }, process.env, say);
  if (tags !== undefined) return report(await purgeTags(tags, operands, purgeCdn));
  const addresses = toObjectAddresses(operands, url);
  const token = readToken(purgeCdn !== undefined);
  const isPurged = token === undefined || (await purgeGateway(addresses, token));
  // A CDN that asks the gateway again would get the old version.
  if (!isPurged) process.exitCode = EXIT_REFUSED;
  else if (purgeCdn !== undefined) report(await purgeCdn.addresses(addresses.flatMap(cachedAddresses)));
}

/** The gateway keeps no tags, so only the CDN is purged. */
function purgeTags(list: string, operands: readonly string[], purgeCdn: CdnPurge | undefined): Promise<PurgeOutcome> {
  if (operands.length > 0) throw usageError('purge takes keys or --tags, not both');
  const tags = list.split(',');
  if (!tags.every((tag) => CACHE_TAG.test(tag))) {
    throw usageError(`--tags takes tags with commas between them, such as releases,docs, not "${list}"`);
  }
  if (purgeCdn?.tags === undefined) throw usageError('--tags is for --cdn cloudflare');
  return purgeCdn.tags(tags);
}

function report(outcome: PurgeOutcome): void {
  if (typeof outcome !== 'string') return say(outcome.done);
  say(`the CDN keeps its copies: ${outcome}`);
  process.exitCode = EXIT_REFUSED;
}

/** @returns `undefined` if there is none, and none is needed */
function readToken(isOptional: boolean): string | undefined {
  const token = process.env[VARIABLE] ?? '';
  if (token === '' && isOptional) return undefined;
  if (token === '')
    throw usageError(`purge needs the gateway's token in the variable ${VARIABLE}; see docs/caching.md`);
  if (!/^[\w.~+/-]+={0,2}$/.test(token)) throw usageError(`${VARIABLE} takes letters, digits and "-._~+/" alone`);
  return token;
}

/** @returns whether the gateway has purged all of them */
async function purgeGateway(addresses: readonly URL[], token: string): Promise<boolean> {
  let isPurged = true;
  for (let start = 0; start < addresses.length; start += CONCURRENCY) {
    const some = addresses.slice(start, start + CONCURRENCY);
    const refusals = await Promise.all(some.map((address) => send(address, token)));
    for (const [i, refusal] of refusals.entries()) {
      const href = some[i]?.href ?? '';
      isPurged &&= refusal === undefined;
      say(
        refusal === undefined
          ? `the next request for ${href} asks the storage again`
          : `${href} is not purged: ${refusal}`,
      );
    }
  }
  return isPurged;
}

function toObjectAddresses(operands: readonly string[], base: string | undefined): readonly URL[] {
  if (operands.length === 0) {
    throw usageError('purge needs a key: rangeway purge releases/app.bin --url https://files.example.com');
  }
  const url = parseGatewayUrl('purge', base);
  const addresses = operands.map((operand) => toObjectAddress(operand, url));
  return [...new Map(addresses.map((address) => [address.href, address])).values()];
}

function toObjectAddress(operand: string, base: string): URL {
  // `/a/b`, as in an address, is the key `a/b`.
  const key = operand.replace(/^\//, '');
  if (key === '') throw usageError('purge takes keys, and one of these is empty');
  const address = objectAddress(base, key);
  if (address === undefined)
    throw usageError(
      `purge takes a key as the gateway serves it, of 1024 bytes at the most and without "." and ".." segments, not "${key}"`,
    );
  return address;
}

/** @returns why the key was not purged and what to do; `undefined` if it was */
async function send(address: URL, token: string): Promise<string | undefined> {
  let status: number;
  try {
    const response = await fetch(address, {
      method: 'PURGE',
      headers: { Authorization: `Bearer ${token}` },
      // A redirect must not get the token.
      redirect: 'manual',
      signal: AbortSignal.timeout(LIMIT),
    });
    await response.body?.cancel();
    ({ status } = response);
  } catch (error) {
    return `it can't be reached (${explain(error)}); --url takes the address that the gateway listens at`;
  }
  switch (status) {
    case 204:
      return undefined;
    case 401:
      return `the gateway has another token than ${VARIABLE}`;
    case 404:
      return 'nothing is served there; --url takes the path of the mount too, such as https://files.example.com/releases';
    case 405:
      return 'the gateway takes no purges; its setting purge.token takes the name of the variable with the token';
    default:
      return `${status} was the answer; what stands in front of the gateway has to let the method PURGE through`;
  }
}

function explain(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (!(cause instanceof Error)) return 'it fails';
  return errorCode(cause) ?? cause.message;
}
