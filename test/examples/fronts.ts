import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { freePort } from '../../bench/free-port.ts';
import { ROOT } from './entries.ts';

/** A server in front of the gateway, with the configuration of a page. */
export interface Front {
  /** Without a slash at its end. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Says whether a program is installed. */
export function isInstalled(program: string): boolean {
  return spawnSync(program, ['-v']).error === undefined;
}

/** Reads the first block of a page in a language. */
export function blockOf(page: string, language: string): string {
  const text = readFileSync(join(ROOT, page), 'utf8');
  const [, block] = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'm').exec(text) ?? [];
  if (block === undefined) throw new Error(`${page} has no block for ${language}`);
  return block;
}

/**
 * Runs the nginx block of a page, with ports and folders of the test.
 *
 * @param gateway the port that the gateway listens on
 */
export async function startNginx(folder: string, page: string, gateway: number): Promise<Front> {
  const port = await freePort();
  const http = blockOf(page, 'nginx')
    .replace('/var/cache/nginx/rangeway', join(folder, 'cache'))
    .replace(/listen \d+/, `listen 127.0.0.1:${port}`)
    .replace('127.0.0.1:8787', `127.0.0.1:${gateway}`);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  for (const name of temporary) mkdirSync(join(folder, name));
  const paths = temporary.map((name) => `${name}_temp_path ${join(folder, name)};`).join(' ');
  const file = join(folder, 'nginx.conf');
  const [log, pid] = [join(folder, 'error.log'), join(folder, 'nginx.pid')];
  writeFileSync(
    file,
    `daemon off; master_process off; pid ${pid}; error_log ${log}; events {} http { access_log off; ${paths}\n${http}\n}`,
  );
  const child = spawn('nginx', ['-c', file, '-p', folder, '-e', log], { stdio: 'ignore' });
  return whenUp(child, port, log);
}

/** Runs the Caddy block of a page over plain HTTP: its name has no certificate here. */
export async function startCaddy(folder: string, page: string, gateway: number): Promise<Front> {
  const port = await freePort();
  const sites = blockOf(page, 'caddyfile')
    .replace('downloads.example.com', `http://127.0.0.1:${port}`)
    .replace('127.0.0.1:8787', `127.0.0.1:${gateway}`);
  const [file, log] = [join(folder, 'Caddyfile'), join(folder, 'caddy.log')];
  const options = `admin off\nlog {\noutput file ${log}\n}`;
  writeFileSync(file, `{\n${options}\n}\n${sites}`);
  const child = spawn('caddy', ['run', '--adapter', 'caddyfile', '--config', file], {
    stdio: 'ignore',
    env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
  });
  return whenUp(child, port, log);
}

async function whenUp(child: ChildProcess, port: number, log: string): Promise<Front> {
  const url = `http://127.0.0.1:${port}`;
  const isUp = async () => (await fetch(`${url}/up`).catch(() => undefined)) !== undefined || child.exitCode !== null;
  await vi.waitFor(async () => expect(await isUp()).toBe(true), { timeout: 20_000 });
  if (child.exitCode !== null) expect.fail(readFileSync(log, 'utf8'));
  const stop = async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
  };
  return { url, stop };
}
