import { fileURLToPath } from 'node:url';
import { listFiles } from '../../src/cli/dev/files.ts';
import { fill } from '../../src/cli/dev/fill.ts';
import { startWorkerd } from '../../src/cli/dev/workerd.ts';
import { describeConformance } from './describe.ts';
import { fixtureFolder } from './fixture-folder.ts';
import { shared } from './shared.ts';

const CONFIG = fileURLToPath(new URL('workers-cache.toml', import.meta.url));

const start = async () => {
  const workerd = await startWorkerd({ config: CONFIG, host: '127.0.0.1', port: 0 });
  await fill(workerd.bucket, await listFiles(fixtureFolder.path), () => undefined);
  return { url: workerd.url, stop: () => workerd.stop(), storedAt: Date.now() };
};

const twice = shared(start, 2);
describeConformance('workerd over R2 with blocks, cold', twice, { dropsEmptyFields: true });
describeConformance('workerd over R2 with blocks, warm', twice, { dropsEmptyFields: true });
