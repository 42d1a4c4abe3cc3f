import { fileURLToPath } from 'node:url';
import { startWorkerd } from '../../src/cli/dev/workerd.ts';
import { cpuSeconds } from '../measure/process-tree.ts';
import type { Spread } from '../measure/statistics.ts';
import { repeatAsync } from '../measure/repeat.ts';
import type { FactPart } from './part.ts';

const CONFIG = fileURLToPath(new URL('../contestants/workers/rangeway-transfers/wrangler.toml', import.meta.url));
const SIZE = 64 * 1024 ** 2;
/** Downloads of a round: 1 GiB. */
const DOWNLOADS = 16;

/** CPU time of a Worker that keeps transfers: with native pipes, and on a mount that counts all bytes. */
export const counting: FactPart = {
  type: 'facts',
  name: 'counting',
  title: 'Counting bytes on Workers',
  async measure(rounds) {
    const workerd = await startWorkerd({
      config: CONFIG,
      host: '127.0.0.1',
      port: 0,
      variables: { ADMIN_TOKEN: '0123456789abcdef0123456789abcdef' },
    });
    try {
      await workerd.bucket.putBytes('large.bin', new Uint8Array(SIZE));
      const perGiB = async (path: string): Promise<Spread> => {
        await download(`${workerd.url}${path}`, 2);
        return repeatAsync(rounds, async () => {
          const before = workerdSeconds();
          await download(`${workerd.url}${path}`, DOWNLOADS);
          return workerdSeconds() - before;
        });
      };
      const note = 'CPU time of the process workerd a GiB, the simulated bucket included';
      return [
        { name: 'counting-native', title: 'native pipes', unit: 's', value: await perGiB('/large.bin'), note },
        {
          name: 'counting-exact',
          title: 'transfers = "exact"',
          unit: 's',
          value: await perGiB('/exact/large.bin'),
          note,
        },
      ];
    } finally {
      await workerd.stop();
    }
  },
};

/** The process workerd is a child of this one. */
function workerdSeconds(): number {
  return cpuSeconds(process.pid) - process.cpuUsage().user / 1e6 - process.cpuUsage().system / 1e6;
}

async function download(url: string, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    const { body } = await fetch(url);
    if (body === null) throw new Error(`${url} has no body`);
    let bytes = 0;
    for await (const chunk of body) bytes += chunk.length;
    if (bytes !== SIZE) throw new Error(`${url} sent ${bytes} bytes`);
  }
}
