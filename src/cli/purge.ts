import { errorCode } from '../base/error-code.ts';
import { PURGE_COMMAND } from './commands.ts';
import { objectAddress, parseGatewayUrl } from './object-address.ts';
import { parseCommandLine } from './options.ts';
import { usageError } from './usage.ts';

/** The token is read from the environment only: every user of the machine can read command lines. */
const VARIABLE = 'RANGEWAY_PURGE_TOKEN';

/** The timeout for the gateway's response, in ms. */
const LIMIT = 30_000;

/** The exit code if the gateway did not purge; 2 is for a mistake of the caller. */
const EXIT_REFUSED = 1;

/**
 * Runs `rangeway purge KEY --url URL`: a gateway revalidates the metadata of a key at its next request.
 *
 * @throws UsageError for a key, an address or a token that can't be used
 */
export async function sendPurge(args: readonly string[]): Promise<void> {
  const { texts, operands } = parseCommandLine(args, PURGE_COMMAND);
  const address = toObjectAddress(operands, texts.url);
  const token = process.env[VARIABLE];
  if (token === undefined || token === '') {
    throw usageError(`purge needs the gateway's token in the variable ${VARIABLE}; see docs/caching.md`);
  }
  if (!/^[\w.~+/-]+={0,2}$/.test(token)) throw usageError(`${VARIABLE} takes letters, digits and "-._~+/" alone`);
  const refusal = await send(address, token);
  if (refusal === undefined) {
    process.stderr.write(`rangeway: the next request for ${address.href} asks the storage again\n`);
    return;
  }
  process.stderr.write(`rangeway: ${address.href} is not purged: ${refusal}\n`);
  process.exitCode = EXIT_REFUSED;
}

function toObjectAddress(operands: readonly string[], base: string | undefined): URL {
  const [written, stray] = operands;
  // `/a/b`, as in an address, is the key `a/b`.
  const key = written?.replace(/^\//, '');
  if (key === undefined || key === '') {
    throw usageError('purge needs a key: rangeway purge releases/app.bin --url https://files.example.com');
  }
  if (stray !== undefined) throw usageError('purge takes one key; one with spaces takes quotes around it');
  const address = objectAddress(parseGatewayUrl('purge', base), key);
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
