import { setTimeout as sleep } from 'node:timers/promises';
import { randomOf, type Random } from '../fuzz/random.ts';
import { download, type Ask } from './client.ts';
import { keyOf, tagOf } from './origin.ts';

/** The state of a load. */
export interface RequestStats {
  requests: number;
  bytes: number;
  /** One sentence for each failed request. */
  readonly errors: string[];
}

/** In bytes; larger than all buffers between storage and client. */
export const LARGE = 5 * 1024 ** 3;

const CLIENTS = 12;
/** The interval between the starts of two requests of a client, in ms. */
const PACE = 250;
const MiB = 1024 * 1024;

/** Runs mixed clients at a fixed pace until stopped. */
export async function runLoad(base: string, seed: number, stats: RequestStats, until: AbortSignal): Promise<void> {
  await Promise.all(
    Array.from({ length: CLIENTS }, async (_, client) => {
      const random = randomOf(seed, client);
      while (!until.aborted) {
        const pause = sleep(PACE);
        await one(anyAsk(random, base), stats);
        await pause;
      }
    }),
  );
}

async function one(ask: Ask, stats: RequestStats): Promise<void> {
  stats.requests++;
  try {
    stats.bytes += (await download(ask)).bytes;
  } catch (error) {
    stats.errors.push(error instanceof Error ? error.message : String(error));
  }
}

function anyAsk(random: Random, base: string): Ask {
  const small = keyOf(random.pick([0, 1, 1_000, 100_000, MiB, 4 * MiB]), `n${random.below(100)}`);
  const at = random.below(LARGE - 2 * MiB);
  const large = `${base}/${keyOf(LARGE)}`;
  switch (random.below(10)) {
    case 0:
    case 1:
      return { url: `${base}/${small}`, status: 200 };
    case 2:
      return { url: large, headers: { Range: `bytes=${at}-${at + random.below(2 * MiB)}` }, status: 206 };
    case 3:
      return { url: large, headers: { Range: `bytes=-${1 + random.below(MiB)}` }, status: 206 };
    case 4: {
      const ranges = [0, 1, 2].map((i) => `${at + i * 400_000}-${at + i * 400_000 + random.below(300_000)}`);
      return { url: large, headers: { Range: `bytes=${ranges.join(',')}` }, status: 206 };
    }
    case 5:
      return { url: `${base}/${small}`, headers: { 'If-None-Match': tagOf(small) }, status: 304 };
    case 6:
      return random.oneIn(2)
        ? { url: `${base}/${small}`, headers: { 'If-Match': '"other"' }, status: 412 }
        : { url: large, headers: { Range: `bytes=${LARGE}-` }, status: 416 };
    case 7:
      return { url: `${base}/${small}`, headers: { Range: 'bytes=5-', 'If-Range': '"other"' }, status: 200 };
    default:
      return { url: large, status: 200, leaveAfter: { bytes: 1 + random.below(4 * MiB), ms: 2_000 } };
  }
}
