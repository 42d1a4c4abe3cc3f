import { createCipheriv } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { listFiles, type KeyedFile } from './files.ts';

const SAMPLES = fileURLToPath(new URL('../../../samples', import.meta.url));

/** In bytes. Large enough for a download that is interrupted by hand. */
const LARGE_SIZE = 64 * 1024 * 1024;

/** Lists the samples of the package, and a large one, which is made in `folder` if it does not exist. */
export async function sampleFiles(folder: string): Promise<readonly KeyedFile[]> {
  await makeLarge(join(folder, 'large.bin'));
  return [...(await listFiles(SAMPLES)), ...(await listFiles(folder))];
}

/** Makes the same incompressible bytes on every machine: AES in counter mode over zeros. */
async function makeLarge(path: string): Promise<void> {
  const made = await stat(path).catch(() => undefined);
  if (made?.size === LARGE_SIZE) return;
  await mkdir(dirname(path), { recursive: true });
  const zeros = Buffer.alloc(1024 * 1024);
  const source = Readable.from(Array.from({ length: LARGE_SIZE / zeros.length }, () => zeros));
  const unfinished = `${path}.part`;
  await pipeline(
    source,
    createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)),
    createWriteStream(unfinished),
  );
  await rename(unfinished, path);
}
