/**
 * Many requests a second for one key by many readers, with transfers, on Node and over eight shards in workerd:
 * `node test/soak/transfers.ts`, or for one platform and another load,
 * `node test/soak/transfers.ts workerd --rate 1000 --seconds 10 --readers 200`. It fails if a request fails, if a change is
 * lost, or if the counts are not those of the requests.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { listFiles } from '../../src/cli/dev/files.ts';
import { fill } from '../../src/cli/dev/fill.ts';
import { startWorkerd } from '../../src/cli/dev/workerd.ts';
import { DownloadsSchema } from '../../src/gateway/handlers/transfers-schema.ts';
import { startServer, stop } from '../cli/commands.ts';

const TOKEN = '0123456789abcdef0123456789abcdef';
const VARIABLES = { ADMIN_TOKEN: TOKEN, TRANSFERS_SECRET: 's'.repeat(32) };
const SIZE = 1024 * 1024;
const LENGTH = 1_000;

interface Platform {
  readonly url: string;
  /** Messages about changes that are not stored. */
  readonly errors: () => string;
  stop(): Promise<void>;
}

async function startNode(folder: string): Promise<Platform> {
  const settings = {
    admin: { token: 'ADMIN_TOKEN' },
    transfers: { secret: 'TRANSFERS_SECRET', store: { type: 'sqlite', file: join(folder, '.transfers.sqlite') } },
    logged: 'errors',
  };
  await writeFile(join(folder, '.gateway.json'), JSON.stringify(settings));
  const args = ['serve', '--dir', folder, '--port', '0', '--config', join(folder, '.gateway.json')];
  const server = await startServer(args, { cwd: folder, env: VARIABLES });
  return { url: server.url, errors: () => server.output.err, stop: () => stop(server) };
}

async function startWorkers(folder: string): Promise<Platform> {
  const workerd = await startWorkerd({
    config: fileURLToPath(new URL('workers-transfers.toml', import.meta.url)),
    host: '127.0.0.1',
    port: 0,
    variables: VARIABLES,
  });
  await fill(workerd.bucket, await listFiles(folder), () => undefined);
  return { url: workerd.url, errors: () => '', stop: () => workerd.stop() };
}

const PLATFORMS: Readonly<Record<string, (folder: string) => Promise<Platform>>> = {
  node: startNode,
  workerd: startWorkers,
};

interface Load {
  readonly rate: number;
  readonly seconds: number;
  readonly readers: number;
}

/** Sends one range, and returns whether all of it came. */
function ask(agent: Agent, url: string, number: number, readers: number): Promise<boolean> {
  const first = (number * LENGTH) % (SIZE - LENGTH);
  const headers = {
    Range: `bytes=${first}-${first + LENGTH - 1}`,
    'User-Agent': `reader ${number % readers}`,
    'CF-Connecting-IP': '192.0.2.1',
  };
  return new Promise((resolve) => {
    const asking = request(`${url}/one.bin`, { agent, headers }, (response) => {
      let length = 0;
      response.on('data', (chunk: Buffer) => (length += chunk.length));
      response.on('end', () => resolve(response.statusCode === 206 && length === LENGTH));
      response.on('error', () => resolve(false));
    });
    asking.on('error', () => resolve(false));
    asking.end();
  });
}

/** Sends requests at a steady rate, whether or not earlier ones are answered. @returns how many have failed */
async function send(url: string, { rate, seconds, readers }: Load): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const answers: Promise<boolean>[] = [];
  const start = performance.now();
  const total = rate * seconds;
  while (answers.length < total) {
    const due = Math.min(total, Math.floor(((performance.now() - start) / 1000) * rate));
    while (answers.length < due) answers.push(ask(agent, url, answers.length, readers));
    await sleep(5);
  }
  const failed = (await Promise.all(answers)).filter((isComplete) => !isComplete).length;
  agent.destroy();
  return failed;
}

async function countBytes(url: string): Promise<number> {
  const headers = { Authorization: `Bearer ${TOKEN}` };
  const response = await fetch(`${url}/.rangeway/downloads?key=one.bin`, { headers });
  const { downloads } = v.parse(DownloadsSchema, await response.json());
  return downloads.reduce((sum, { bytes }) => sum + bytes, 0);
}

async function measure(name: string, load: Load): Promise<boolean> {
  const start = PLATFORMS[name];
  if (start === undefined)
    throw new Error(`there is no platform ${name}; there are ${Object.keys(PLATFORMS).join(', ')}`);
  const folder = await mkdtemp(join(tmpdir(), 'rangeway-load-'));
  await writeFile(join(folder, 'one.bin'), new Uint8Array(SIZE));
  const platform = await start(folder);
  try {
    const began = performance.now();
    const failed = await send(platform.url, load);
    const seconds = (performance.now() - began) / 1000;
    const requests = load.rate * load.seconds;
    const expected = (requests - failed) * LENGTH;
    let counted = 0;
    for (let i = 0; i < 60 && counted !== expected; i++) {
      await sleep(500);
      counted = await countBytes(platform.url);
    }
    const isLost = platform.errors().includes('not stored');
    const rate = Math.round(requests / seconds);
    console.log(
      `${name}: ${requests} requests, ${rate}/s of ${load.rate}/s, ${failed} failed; ${counted} of ${expected} bytes counted${isLost ? '; changes are lost' : ''}`,
    );
    return failed === 0 && counted === expected && !isLost;
  } finally {
    await platform.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rate: { type: 'string' }, seconds: { type: 'string' }, readers: { type: 'string' } },
});
const load = {
  rate: Number(values.rate ?? 1_000),
  seconds: Number(values.seconds ?? 10),
  readers: Number(values.readers ?? 200),
};
for (const name of positionals.length === 0 ? Object.keys(PLATFORMS) : positionals) {
  if (!(await measure(name, load))) process.exitCode = 1;
}
