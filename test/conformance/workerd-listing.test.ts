import { fileURLToPath } from 'node:url';
import { listFiles } from '../../src/cli/dev/files.ts';
import { fill } from '../../src/cli/dev/fill.ts';
import { startWorkerd } from '../../src/cli/dev/workerd.ts';
import { listingCases } from './cases/listing.ts';
import { describeConformance } from './describe.ts';
import { fixtureFolder } from './fixture-folder.ts';

const CONFIG = fileURLToPath(new URL('workers-listing.toml', import.meta.url));

const start = async () => {
  const workerd = await startWorkerd({ config: CONFIG, host: '127.0.0.1', port: 0 });
  await fill(workerd.bucket, await listFiles(fixtureFolder.path), () => undefined);
  return { url: workerd.url, stop: () => workerd.stop(), storedAt: Date.now() };
};

describeConformance('listings of workerd over R2', start, { dropsEmptyFields: true, cases: listingCases });
