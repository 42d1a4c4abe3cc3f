/**
 * Downloads a file of zeros as `rangeway get` does, but for the zeros, which are not written: a file of 100 GiB takes no
 * disk. Prints its result, and the greatest resident memory of this process in KiB. Run by large.ts.
 */
import { readFileSync } from 'node:fs';
import { truncate } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import { download } from '../../src/client/index.ts';
import { fileTarget } from '../../src/client/sinks/node-file.ts';
import { nodeFetcher } from '../../src/platform/node/node-fetcher.ts';

// As the command does.
setFlagsFromString('--semi-space-growth-factor=1');

const [, , url = '', path = '', size = '0'] = process.argv;
const zeros = Buffer.alloc(4 * 1024 * 1024);
const fetcher = nodeFetcher();
const { sink, journal } = fileTarget(path);

async function write(position: number, bytes: Uint8Array): Promise<void> {
  if (Buffer.compare(bytes, zeros.subarray(0, bytes.length)) !== 0) throw new Error(`no zeros at ${position}`);
}

async function finish(length: number): Promise<void> {
  await truncate(`${path}.part`, Number(size));
  await sink.finish(length);
}

const { received } = await download(url, { sink: { ...sink, write, finish }, journal, fetcher }).done;
fetcher.destroy();
const [, peak] = /VmHWM:\s*(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
console.log(JSON.stringify({ received, peak: Number(peak) }));
