import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { killAll, MAIN, startServer, stop } from './commands.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-log-'));
  await writeFile(join(folder, 'a.txt'), 'abc');
});
afterEach(killAll);
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

const PRETTY = /^\d\d:\d\d:\d\d 200 +\d+ ms +3 bytes GET \/a\.txt 127\.0\.0\.1$/;

describe('serve --log', () => {
  test.each([
    [['--log', 'json'], /^\{"time":.*"mount":"\/","key":"a\.txt",.*"client":"127\.0\.0\.1",.*\}$/],
    [[], /^\{"time":.*\}$/],
    [['--log', 'pretty'], PRETTY],
    [['--log', 'pretty', '--workers', '2'], PRETTY],
    [['--log', 'off'], /^$/],
  ])('%j', async (args, expected) => {
    const server = await startServer(['serve', '--dir', '.', '--port', '0', ...args], { cwd: folder });
    const response = await fetch(`${server.url}/a.txt`);
    expect(await response.text()).toBe('abc');
    await stop(server);
    expect(server.output.out.trim()).toMatch(expected);
  });

  // `script` of Debian's bsdutils makes a terminal.
  test.runIf(process.platform === 'linux').each([[], ['--workers', '2']])(
    'is pretty and coloured on a terminal: %j',
    async (...args) => {
      const command = [process.execPath, MAIN, 'serve', '--dir', folder, '--port', '0', ...args].join(' ');
      const { NO_COLOR: _, ...env } = process.env;
      const child = spawn('script', ['-qfec', command, '/dev/null'], { env, stdio: ['pipe', 'pipe', 'pipe'] });
      let shown = '';
      child.stdout.on('data', (text: Buffer) => (shown += text.toString()));
      try {
        const urlOf = () => /http:\/\/127\.0\.0\.1:\d+\//.exec(shown)?.[0];
        await expect.poll(urlOf, { timeout: 20_000 }).toBeDefined();
        await (await fetch(`${urlOf()}a.txt`)).text();
        await expect.poll(() => shown, { timeout: 20_000 }).toContain('\u001b[32m200\u001b[0m');
      } finally {
        // The character that a terminal turns into an interrupt.
        child.stdin.write('\u0003');
        await new Promise((resolve) => child.once('close', resolve));
      }
    },
  );
});
