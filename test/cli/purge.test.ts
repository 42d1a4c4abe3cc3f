import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createGateway,
  fsStore,
  memoryCache,
  openNodeConfig,
  parseConfig,
  type NodeServer,
} from '../../src/platform/node/index.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { commandProcess } from './command-process.ts';

const commands = commandProcess();
const TOKEN = 'a-token-that-nobody-guesses-0123456789';

let folder: string;
let purging: NodeServer;
let refusing: NodeServer;
/** An address without a listener. */
let gone: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-purge-'));
  await writeFile(join(folder, 'a b.txt'), 'first');
  const store = fsStore(folder);
  const cache = memoryCache({ maxBytes: 1024 * 1024 });
  const mounts = [{ path: '/files', store, cache }];
  const observers = [{ end: () => undefined }];
  purging = await serve(createGateway({ mounts, observers, purge: { token: TOKEN } }), { port: 0 });
  refusing = await serve(createGateway({ mounts, observers }), { port: 0 });
  const ended = await serve(createGateway({ mounts, observers }), { port: 0 });
  gone = ended.url;
  await ended.stop(0);
});
afterAll(async () => {
  await commands.stop();
  await purging.stop(1_000);
  await refusing.stop(1_000);
  await rm(folder, { recursive: true });
});

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(args: readonly string[], token = TOKEN): Promise<Run> {
  const { RANGEWAY_PURGE_TOKEN: _, ...others } = process.env;
  const env = token === '' ? others : { ...others, RANGEWAY_PURGE_TOKEN: token };
  return commands.run(['purge', ...args], folder, env);
}

describe('purge', () => {
  test('makes the gateway read a replaced file', async () => {
    const read = async () => (await fetch(`${purging.url}/files/a%20b.txt`)).text();
    expect(await read()).toBe('first');
    await writeFile(join(folder, 'a b.txt'), 'second');
    expect(await read()).toBe('first');
    const url = `${purging.url}/files`;
    expect(await run(['a b.txt', '--url', url])).toEqual({
      code: 0,
      out: '',
      err: `rangeway: the next request for ${url}/a%20b.txt asks the storage again\n`,
    });
    expect(await read()).toBe('second');
  });

  test.for([
    [
      'another token',
      () => purging.url,
      '/files/x',
      'x'.repeat(40),
      'the gateway has another token than RANGEWAY_PURGE_TOKEN',
    ],
    [
      'no mount',
      () => purging.url,
      '/elsewhere',
      TOKEN,
      'nothing is served there; --url takes the path of the mount too',
    ],
    [
      'a gateway that takes none',
      () => refusing.url,
      '/files',
      TOKEN,
      'the gateway takes no purges; its setting purge.token',
    ],
    ['no gateway', () => gone, '', TOKEN, "it can't be reached (ECONNREFUSED); --url takes the address"],
  ] as const)('with %s fails with 1, and says why', async ([, url, path, token, message]) => {
    const { code, out, err } = await run(['key', '--url', url() + path], token);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain(message);
    expect(err).not.toContain(token);
  });

  test.for([
    [[], 'purge needs a key: rangeway purge releases/app.bin --url https://files.example.com'],
    [['a', 'b', '--url', 'http://x'], 'purge takes one key; one with spaces takes quotes around it'],
    [['a'], 'purge needs --url, the address of the gateway'],
    [['a', '--url', 'files.example.com'], '--url takes an address such as'],
    [['a', '--url', 'http://x/?q'], '--url takes an address such as'],
    [['a/../b', '--url', 'http://x'], 'purge takes a key as the gateway serves it'],
    [['a', '--url', 'http://x', '--token', TOKEN], '--token is not an option of purge; there are --url'],
  ] as const)('%j is a mistake that is explained', async ([args, message]) => {
    const { code, out, err } = await run(args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(`rangeway: ${message}`);
  });

  test('without a token prints where to set it', async () => {
    expect(await run(['a', '--url', 'http://x'], '')).toEqual({
      code: 2,
      out: '',
      err: "rangeway: purge needs the gateway's token in the variable RANGEWAY_PURGE_TOKEN; see docs/caching.md\n",
    });
  });
});

describe('a token that is not a valid field value', () => {
  test('is refused, and not printed', async () => {
    const { code, err } = await run(['a', '--url', 'http://x'], `${TOKEN}\n`);
    expect([code, err]).toEqual([2, 'rangeway: RANGEWAY_PURGE_TOKEN takes letters, digits and "-._~+/" alone\n']);
  });
});

describe('the setting', () => {
  const open = (token: string) => openNodeConfig(parseConfig({ purge: { token } }), fsStore(folder));

  test('names the variable that holds the token', async () => {
    process.env['RANGEWAY_TEST_TOKEN'] = TOKEN;
    expect((await open('RANGEWAY_TEST_TOKEN')).purge).toEqual({ token: TOKEN });
    delete process.env['RANGEWAY_TEST_TOKEN'];
    await expect(open('RANGEWAY_TEST_TOKEN')).rejects.toThrow(
      'purge.token: RANGEWAY_TEST_TOKEN is to hold a token, and is not set',
    );
  });

  test('accepts a table with only that field', () => {
    expect(() => parseConfig({ purge: 'token' })).toThrow('purge: takes a table with the field token');
    expect(() => parseConfig({ purge: { tokens: 'X' } })).toThrow(/purge: field 1 is none of .*; there are token$/);
  });
});
