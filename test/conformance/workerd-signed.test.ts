import { fileURLToPath } from 'node:url';
import { listFiles } from '../../src/cli/dev/files.ts';
import { fill } from '../../src/cli/dev/fill.ts';
import { startWorkerd } from '../../src/cli/dev/workerd.ts';
import { KEYS_TEXT } from '../access/links.ts';
import { describeConformance } from './describe.ts';
import { fixtureFolder } from './fixture-folder.ts';
import { signer } from './signed.ts';

const start = async () => {
  const config = fileURLToPath(new URL('../workers/signed/wrangler.toml', import.meta.url));
  const variables = { RANGEWAY_KEYS: KEYS_TEXT };
  const workerd = await startWorkerd({ config, host: '127.0.0.1', port: 0, variables });
  await fill(workerd.bucket, await listFiles(fixtureFolder.path), () => undefined);
  return { url: workerd.url, stop: () => workerd.stop(), storedAt: Date.now() };
};

describeConformance('workerd over R2, with links,', start, { dropsEmptyFields: true, sign: await signer() });
