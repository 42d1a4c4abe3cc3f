import { objectAddress } from '../object-address.ts';
import type { WarmRequest, WarmResult } from './ask.ts';

/** The bytes of each object that are asked for: its first one, all, or one of each block of so many bytes. */
export type WarmRead =
  | { readonly type: 'first' }
  | { readonly type: 'whole' }
  | { readonly type: 'blocks'; readonly size: number };

const NO_ADDRESS = 'no gateway serves such a key: it has a "." or ".." segment, or is too long';

const NO_RANGES = 'the server ignores ranges, so that its blocks can not be read one by one; --read whole reads it';

/**
 * Asks for the bytes of an object. Blocks are asked for at the same time, as far as `ask` lets them.
 *
 * @param base the address of the gateway
 * @returns why not all of them were read; `undefined` if they were
 */
export async function warmObject(
  base: string,
  key: string,
  read: WarmRead,
  ask: (request: WarmRequest) => Promise<WarmResult>,
  concurrency: number,
): Promise<string | undefined> {
  const address = objectAddress(base, key);
  if (address === undefined) return NO_ADDRESS;
  const askStored = async (request: WarmRequest) => {
    const result = await ask(request);
    // A cache may store a block at its second use only, as this gateway's does: a byte alone is no reason to read a block.
    return result.type === 'read' && !result.isStored && request.offset !== undefined ? ask(request) : result;
  };
  const first = await askStored({ address, offset: read.type === 'whole' ? undefined : 0 });
  if (first.type === 'failed') return first.reason;
  if (read.type !== 'blocks' || (first.size !== undefined && first.size <= read.size)) return undefined;
  if (!first.isPartial || first.size === undefined) return NO_RANGES;
  const offsets = blockOffsets(first.size, read.size);
  let failure: string | undefined;
  const work = async () => {
    for (const offset of offsets) {
      if (failure !== undefined) return;
      const result = await askStored({ address, offset });
      if (result.type === 'failed') failure ??= `at byte ${offset}: ${result.reason}`;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return failure;
}

/** The offsets of all blocks but the first. */
function* blockOffsets(size: number, blockSize: number): Generator<number> {
  for (let offset = blockSize; offset < size; offset += blockSize) yield offset;
}
