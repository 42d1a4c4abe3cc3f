import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drawBytes, random } from '../../faults/random.ts';
import { MAIN, start, startServer, type Running } from '../commands.ts';
import { getIn, openWorkspace, TEXT, type Workspace } from './workspace.ts';

const BYTES = drawBytes(random(24), 900_000);
const DIGEST = createHash('sha256').update(BYTES).digest('hex');

let workspace: Workspace;
let gateway: Running & { readonly url: string };
beforeAll(async () => {
  workspace = await openWorkspace();
  const { folder } = workspace;
  await mkdir(join(folder, 'served'));
  await Promise.all([
    writeFile(join(folder, 'served/a b.bin'), BYTES),
    writeFile(join(folder, 'served/empty.txt'), ''),
    writeFile(join(folder, 'served/small.txt'), TEXT),
  ]);
  gateway = await startServer(['serve', '--dir', 'served', '--port', '0'], { cwd: folder });
});
afterAll(() => workspace.close());

const freshFolder = () => workspace.freshFolder();

describe('from the gateway', () => {
  test('a file has its name and all its bytes, and nothing else is left', async () => {
    const cwd = await freshFolder();
    const { code, err, files } = await getIn(cwd, `${gateway.url}/a%20b.bin`, `${gateway.url}/empty.txt`);
    expect([code, files]).toEqual([0, ['a b.bin', 'empty.txt']]);
    expect(Buffer.compare(await readFile(join(cwd, 'a b.bin')), BYTES)).toBe(0);
    expect(err).toContain('878.9 KiB in');
    expect(err).toContain('not verified: ');
  });

  test('files go into a folder that exists, and into no other', async () => {
    const cwd = await freshFolder();
    const urls = [`${gateway.url}/small.txt`, `${gateway.url}/empty.txt`] as const;
    expect(await getIn(cwd, ...urls, '-O', 'into')).toMatchObject({ code: 2, files: [] });
    await mkdir(join(cwd, 'into'));
    expect((await getIn(cwd, ...urls, '-O', 'into')).code).toBe(0);
    expect((await readdir(join(cwd, 'into'))).toSorted()).toEqual(['empty.txt', 'small.txt']);
  });

  test('a file goes to stdout, and is verified at its end', async () => {
    const digest = createHash('sha256').update(TEXT).digest('hex');
    const args = [`${gateway.url}/small.txt`, '-o', '-', '--checksum', `sha-256=${digest}`] as const;
    const { code, out, err, files } = await getIn(await freshFolder(), ...args);
    expect([code, out, files]).toEqual([0, TEXT, []]);
    expect(err).toContain('sha-256 verified');
  });

  test('a pipe whose reader ends is an error without a stack trace', async () => {
    const cwd = await freshFolder();
    const command = `"${process.execPath}" "${MAIN}" get "${gateway.url}/a%20b.bin" -o - | head -c 10 > /dev/null; exit \${PIPESTATUS[0]}`;
    const { code, err } = await new Promise<{ code: unknown; err: string }>((resolve) => {
      execFile('bash', ['-c', command], { cwd }, (error, _, stderr) =>
        resolve({ code: error?.code ?? 0, err: stderr }),
      );
    });
    expect([code, err.trim().split('\n').length]).toEqual([6, 1]);
    expect(err).toContain('EPIPE');
  });

  test('events are lines of JSON', async () => {
    const { out, err } = await getIn(await freshFolder(), `${gateway.url}/small.txt`, '--json', '-o', 'x.txt');
    const events = out
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(events.at(0)).toMatchObject({ type: 'name', url: `${gateway.url}/small.txt` });
    expect(events.at(-1)).toMatchObject({ type: 'done', size: TEXT.length, verification: { type: 'none' } });
    expect(err).toBe('');
  });

  test('a digest that is right is told, and a wrong one leaves no file', async () => {
    const cwd = await freshFolder();
    const url = `${gateway.url}/a%20b.bin`;
    const wrong = await getIn(cwd, url, '--checksum', `sha-256=${'0'.repeat(64)}`);
    expect([wrong.code, wrong.files]).toEqual([4, ['a b.bin.part']]);
    expect(wrong.err).toContain(`got ${DIGEST}`);
    const right = await getIn(cwd, url, '--checksum', `sha-256=${DIGEST}`);
    expect([right.code, right.files]).toEqual([0, ['a b.bin']]);
  });

  test('a file that exists is not touched', async () => {
    const cwd = await freshFolder();
    await writeFile(join(cwd, 'small.txt'), 'mine');
    const { code, err } = await getIn(cwd, `${gateway.url}/small.txt`);
    expect([code, await readFile(join(cwd, 'small.txt'), 'utf8')]).toEqual([2, 'mine']);
    expect(err).toContain('--force replaces it');
    expect((await getIn(cwd, `${gateway.url}/small.txt`, '--force')).code).toBe(0);
    expect(await readFile(join(cwd, 'small.txt'), 'utf8')).toBe(TEXT);
  });

  test('a missing file is an error, of which nothing is left', async () => {
    const { code, err, files } = await getIn(await freshFolder(), `${gateway.url}/none`, `${gateway.url}/small.txt`);
    expect([code, files]).toEqual([5, ['small.txt']]);
    expect(err).toContain('the server answered 404');
  });

  test('an interrupted download says how to continue, and continues', async () => {
    const cwd = await freshFolder();
    const args = ['get', `${gateway.url}/a%20b.bin`, '--limit-rate', '50KiB'];
    const { child, output } = start(args, { cwd });
    const closed = new Promise<number | null>((resolve) => void child.once('close', resolve));
    while (!(await readdir(cwd)).includes('a b.bin.rangeway')) {
      if (child.exitCode !== null) expect.fail(output.err);
      await new Promise((resolve) => void setTimeout(resolve, 20));
    }
    child.kill('SIGINT');
    expect(await closed).toBe(130);
    expect(output.err).toContain(`the same command continues: rangeway ${args.join(' ')}`);
    expect((await getIn(cwd, `${gateway.url}/a%20b.bin`)).code).toBe(0);
    expect(Buffer.compare(await readFile(join(cwd, 'a b.bin')), BYTES)).toBe(0);
  });

  test('a full disk keeps the part, and it is continued later', async () => {
    const cwd = await freshFolder();
    // The shell limits the size of files, in blocks of 1,024 bytes.
    const { code, err } = await new Promise<{ code: unknown; err: string }>((resolve) => {
      const command = `ulimit -f 200; exec "${process.execPath}" "${MAIN}" get "${gateway.url}/a%20b.bin"`;
      execFile('bash', ['-c', command], { cwd }, (error, _, stderr) =>
        resolve({ code: error?.code ?? 0, err: stderr }),
      );
    });
    expect([code, await readdir(cwd)]).toEqual([6, expect.not.arrayContaining(['a b.bin'])]);
    expect(err).toContain("it can't be written");
    expect((await getIn(cwd, `${gateway.url}/a%20b.bin`)).code).toBe(0);
    expect(Buffer.compare(await readFile(join(cwd, 'a b.bin')), BYTES)).toBe(0);
  });
});
