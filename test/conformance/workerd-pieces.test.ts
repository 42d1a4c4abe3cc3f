import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { listFiles } from '../../src/cli/dev/files.ts';
import { fill } from '../../src/cli/dev/fill.ts';
import { startWorkerd } from '../../src/cli/dev/workerd.ts';
import { digestCases } from './cases/digests.ts';
import { piecesCases } from './cases/pieces.ts';
import { describeConformance } from './describe.ts';
import { fixtureFolder } from './fixture-folder.ts';
import { fixtures } from './fixtures.ts';
import { referenceIndexKey, storedIndex } from './reference-index.ts';
import { shared } from './shared.ts';

const CONFIG = fileURLToPath(new URL('workers-pieces.toml', import.meta.url));

const folder = await mkdtemp(join(tmpdir(), 'rangeway-pieces-'));
afterAll(() => rm(folder, { recursive: true }));

const start = (environment: 'cache' | undefined) => async () => {
  const where = { config: CONFIG, host: '127.0.0.1', port: 0 };
  const workerd = await startWorkerd(environment === undefined ? where : { ...where, environment });
  await fill(workerd.bucket, await listFiles(fixtureFolder.path), () => undefined);
  for (const [i, fixture] of fixtures.entries()) {
    // R2's tag of an object that was uploaded in one piece.
    const index = storedIndex(fixture, createHash('md5').update(fixture.bytes).digest('hex'));
    if (index === undefined) continue;
    const file = join(folder, `${environment}-${i}`);
    await writeFile(file, index);
    await workerd.bucket.put(referenceIndexKey(fixture.key), { path: file, size: index.length, mark: '' });
  }
  return { url: workerd.url, stop: () => workerd.stop(), storedAt: Date.now() };
};

describeConformance('workerd over R2, with pieces,', start(undefined), { dropsEmptyFields: true, cases: piecesCases });

const cached = shared(start('cache'), 2);
const cases = [...piecesCases, ...digestCases];
describeConformance('workerd over R2, with pieces and blocks, cold,', cached, { dropsEmptyFields: true, cases });
describeConformance('workerd over R2, with pieces and blocks, warm,', cached, { dropsEmptyFields: true, cases });
