import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { KEYS_TEXT } from '../access/links.ts';
import { runCommand, startServer } from '../docs/session.ts';
import { ROOT } from '../examples/entries.ts';
import { blockOf, isInstalled } from '../examples/fronts.ts';
import { reportSkipped } from '../full.ts';
import { access, hasS3, newBucket } from './server.ts';

const PAGE = 'docs/publish-a-release.md';
const hasRclone = isInstalled('rclone');
if (hasS3 && !hasRclone) reportSkipped(PAGE, 'rclone is missing; test/clients/packages.txt');

interface Workflow {
  readonly jobs: { readonly publish: { readonly steps: readonly { readonly name?: string; readonly run?: string }[] } };
}

/** The shell of a step. GitHub runs it with `bash -e`. */
function stepOf(name: string): string {
  const { jobs }: Workflow = parse(blockOf(PAGE, 'yaml'));
  const { run } = jobs.publish.steps.find((step) => step.name === name) ?? {};
  if (run === undefined) throw new Error(`the workflow has no step ${name}`);
  return `set -e\n${run}`;
}

describe.skipIf(!hasS3 || !hasRclone)(`the workflow of ${PAGE}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'rangeway-publish-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test('uploads, indexes, checks, and prints links that open the files', async ({ onTestFinished }) => {
    const { bucket } = await newBucket();
    // What `gh release download` and `npm install` bring.
    mkdirSync(join(folder, 'files'));
    writeFileSync(join(folder, 'files/app-1.2.tar'), Buffer.alloc(100_000, 'app'));
    writeFileSync(join(folder, 'files/notes.txt'), 'what is new');
    mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
    symlinkSync(join(ROOT, 'bin/rangeway.js'), join(folder, 'node_modules/.bin/rangeway'));
    writeFileSync(join(folder, 'gateway.json'), '{ "access": { "type": "signed" }, "pieces": true }');
    const summary = join(folder, 'summary.md');
    const env = {
      ...process.env,
      NO_COLOR: '1',
      TAG: 'v1.2',
      BUCKET: bucket,
      ENDPOINT: access.endpoint,
      AWS_REGION: access.region,
      AWS_ACCESS_KEY_ID: access.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: access.credentials.secretAccessKey,
      RANGEWAY_KEYS: KEYS_TEXT,
      GITHUB_STEP_SUMMARY: summary,
      RCLONE_CONFIG: join(folder, 'rclone.conf'),
      // Debian's rclone takes none.
      AWS_CA_BUNDLE: undefined,
    };
    const serve = `exec node_modules/.bin/rangeway serve --s3 ${bucket} --endpoint ${access.endpoint} --path-style`;
    const gateway = await startServer(`${serve} --config gateway.json --port 0`, { cwd: folder, env }, 60_000);
    onTestFinished(() => gateway.stop());
    const session = { cwd: folder, env: { ...env, SITE: gateway.url } };
    const run = (name: string) => runCommand(stepOf(name), session, 100_000);
    const succeeds = async (name: string) => {
      const { code, output } = await run(name);
      expect(code, `${name}: ${output}`).toBe(0);
    };

    for (const name of ['Upload', 'Index', 'Links']) await succeeds(name);
    const links = [...readFileSync(summary, 'utf8').matchAll(/^- (.+): (http.+)$/gm)];
    expect(links.map(([, name]) => name)).toEqual(readdirSync(join(folder, 'files')));
    for (const [, name = '', link = ''] of links) {
      const bytes = readFileSync(join(folder, 'files', name));
      const response = await fetch(link, { headers: { Range: 'bytes=-4' } });
      expect([response.status, Buffer.from(await response.arrayBuffer())]).toEqual([206, bytes.subarray(-4)]);
      expect((await fetch(`${link}&pieces`)).status).toBe(200);
      expect((await fetch(link.split('?')[0] ?? '')).status).toBe(403);
    }

    // Again, after a failure: all is there. Another file of the same name is refused.
    for (const name of ['Upload', 'Index']) await succeeds(name);
    writeFileSync(join(folder, 'files/notes.txt'), 'something else');
    const { code, output } = await run('Upload');
    expect([code === 0, output]).toEqual([false, expect.stringContaining('immutable')]);
  }, 180_000);
});
