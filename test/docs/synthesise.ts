/**
 * Synthesises the stack with options as the CDK's command line takes them, without that program, which takes seconds to
 * start: `node test/docs/synthesise.ts -c front=buffered -c memory=1024`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { context: { type: 'string', short: 'c', multiple: true, default: [] } } });
const context = Object.fromEntries(
  values.context.map((option) => {
    const [name = ''] = option.split('=');
    return [name, option.slice(name.length + 1)];
  }),
);

const folder = mkdtempSync(join(tmpdir(), 'rangeway-synthesised-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
process.env['CDK_OUTDIR'] = folder;
process.env['CDK_CONTEXT_JSON'] = JSON.stringify(context);
process.env['CDK_VALIDATION'] = 'false';
await import('../../infra/app.ts');
