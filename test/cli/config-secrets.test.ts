import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/config.ts';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { readEnvironment } from '../../src/platform/lambda/gateway.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import { commandProcess } from './command-process.ts';

const commands = commandProcess();
const folder = await mkdtemp(join(tmpdir(), 'rangeway-secrets-'));
afterAll(async () => {
  await commands.stop();
  await rm(folder, { recursive: true });
});

/** Runs a command that fails at start. */
async function run(args: readonly string[]) {
  const { code, out, err } = await commands.run(args, folder, process.env);
  return { code, said: out + err };
}

/** Typical secrets: a hex token, a link key, a user with a password, a PEM, a word. */
const TOKEN = 'a3f1c0de5ec7e7'.repeat(4);
const LOOKS = [
  TOKEN,
  `k1:${'Se-cret_'.repeat(6)}`,
  'amy:hunter2',
  '-----BEGIN PUBLIC KEY-----\nMIIB',
  'swordfish',
  '9A',
];

const jwt = (key: unknown) => ({ access: { type: 'jwt', key, issuer: 'i', audience: 'a' } });

/** Configurations with a secret in place of a variable name, or one level off. */
const PLACES: Readonly<Record<string, (secret: string) => unknown>> = {
  'purge.token': (secret) => ({ purge: { token: secret } }),
  purge: (secret) => ({ purge: secret }),
  'purge, in a list': (secret) => ({ purge: [secret] }),
  'a name in purge': (secret) => ({ purge: { [secret]: 'token' } }),
  'another field of purge': (secret) => ({ purge: { token: 'TOKEN', value: secret } }),
  'a name beside the token': (secret) => ({ purge: { token: 'TOKEN', [secret]: true } }),
  'below the token': (secret) => ({ purge: { token: { [secret]: secret } } }),
  access: (secret) => ({ access: secret }),
  'access, in a list': (secret) => ({ access: [secret] }),
  'access.type': (secret) => ({ access: { type: secret } }),
  'a name in access': (secret) => ({ access: { type: 'signed', [secret]: 'x' } }),
  'signed keys': (secret) => ({ access: { type: 'signed', keys: secret } }),
  'signed keys, a list': (secret) => ({ access: { type: 'signed', keys: [secret] } }),
  'signed key': (secret) => ({ access: { type: 'signed', key: secret } }),
  'basic users': (secret) => ({ access: { type: 'basic', users: secret } }),
  'basic users, a table': (secret) => ({ access: { type: 'basic', users: { amy: secret } } }),
  'basic user': (secret) => ({ access: { type: 'basic', users: 'USERS', amy: secret } }),
  'jwt key': (secret) => jwt(secret),
  'jwt key type': (secret) => jwt({ type: secret }),
  'jwt secret': (secret) => jwt({ type: 'secret', secret }),
  'jwt secret algorithm': (secret) => jwt({ type: 'secret', secret: 'S', algorithm: secret }),
  'jwt pem': (secret) => jwt({ type: 'public', pem: secret, algorithm: 'RS256' }),
  'jwt public secret': (secret) => jwt({ type: 'public', secret, algorithm: 'RS256' }),
  'jwt url': (secret) => jwt({ type: 'jwks', url: secret }),
  'jwt url query': (secret) => jwt({ type: 'jwks', url: `ftp://issuer.example/?key=${secret}` }),
  rules: (secret) => ({ access: { type: 'anyOf', rules: secret } }),
  'a rule': (secret) => ({ access: { type: 'allOf', rules: ['public', secret] } }),
  'a rule of a rule': (secret) => ({
    access: { type: 'allOf', rules: [{ type: 'anyOf', rules: [{ type: 'signed', keys: secret }] }] },
  }),
  'mounts that are no list': (secret) => ({ mounts: { access: { type: 'signed', keys: secret } } }),
  'a list in the place of a table': (secret) => ({ ranges: [secret] }),
  'a mount': (secret) => ({ mounts: [{}, { path: '/a', access: { type: 'signed', keys: secret } }] }),
  'a name in a mount’s access': (secret) => ({ mounts: [{ access: { type: 'signed', [secret]: 1 } }] }),
  'a header': (secret) => ({ headers: { 'X-Token': `${secret}\n` } }),
  'an address': (secret) => ({
    mounts: [{ store: { type: 's3', bucket: 'abc', endpoint: `https://u:${secret}/"@h` } }],
  }),
  'a query': (secret) => ({ cache: { type: 'workers', origin: `https://h/?token=${secret}` } }),
};

describe.each(Object.entries(PLACES))('%s', (_, place) => {
  test.for(LOOKS)('%j is refused, and no part of it printed', (secret) => {
    let message = '';
    try {
      parseConfig(place(secret));
    } catch (error) {
      if (error instanceof Error && error.name === 'SettingsError') ({ message } = error);
    }
    expect(message).toMatch(/takes|there are/);
    // A secret that is a plain word can be part of the message by chance.
    for (const part of secret.split(/[:\n]/)) if (part.length > 4) expect(message).not.toContain(part);
  });
});

describe('a variable name in another form', () => {
  test.for(['token', 'Token', '_TOKEN', '1TOKEN', 'TO-KEN', 'TOKEN ', 'TOKEN\n', ''])('%j is refused', (token) => {
    expect(() => parseConfig({ purge: { token } })).toThrow(/purge\.token: takes the name of a variable or secret/);
    expect(() => parseConfig({ access: { type: 'signed', keys: token } })).toThrow(/access\.keys: takes the name/);
  });
  test('A-Z, 0-9 and _ are accepted', () => {
    expect(parseConfig({ purge: { token: 'PURGE_TOKEN_2' } }).purge).toEqual({ token: 'PURGE_TOKEN_2' });
  });
});

test('a secret as the name of a field is not printed; a misspelt field name is', () => {
  for (const name of [TOKEN, 'k1:secret', 'hunter2', 'x'.repeat(25)]) {
    for (const config of [{ [name]: 1 }, { mounts: [{ [name]: 1 }] }, { ranges: { [name]: 1 } }]) {
      expect(() => parseConfig(config)).toThrow(/field 1 is none of those that there are, and not shown/);
      expect(() => parseConfig(config)).not.toThrow(name);
    }
    expect(() => createGateway({ store: memoryStore(), ...JSON.parse(JSON.stringify({ [name]: 1 })) })).toThrow(
      /field 2 is none of those/,
    );
  }
  expect(() => parseConfig({ cacheControll: 1 })).toThrow(
    /cacheControll: no such field; did you mean cacheControl\? there are/,
  );
});

describe('no command prints the secret', () => {
  test.for<readonly [name: string, args: readonly string[], text: string]>([
    ['config check', ['config', 'check', 'f.json'], JSON.stringify({ purge: { token: TOKEN } })],
    ['config check, no JSON', ['config', 'check', 'f.json'], `{"purge": {"token": ${TOKEN}}}`],
    ['serve', ['serve', '--dir', '.', '--config', 'f.json'], JSON.stringify({ purge: { token: TOKEN } })],
    ['serve, one level off', ['serve', '--dir', '.', '--config', 'f.json'], JSON.stringify({ purge: TOKEN })],
    ['serve, no JSON', ['serve', '--dir', '.', '--config', 'f.json'], `{"purge": {"token": ${TOKEN}}}`],
    ['config check of TOML', ['config', 'check', 'f.toml'], `[vars.RANGEWAY]\npurge = { token = "${TOKEN}" }\n`],
    ['config check, no TOML', ['config', 'check', 'f.toml'], `[vars.RANGEWAY]\npurge = { token = ${TOKEN} }\n`],
    ['dev', ['dev', '--port', '0', '--config', 'f.toml'], `main = "f.ts"\n[vars.RANGEWAY]\npurge = "${TOKEN}"\n`],
    ['dev, no TOML', ['dev', '--port', '0', '--config', 'f.toml'], `main = "f.ts"\n[vars]\nTOKEN = ${TOKEN}\n`],
  ])('%s', async ([, args, text]) => {
    await writeFile(join(folder, args.find((arg) => arg.startsWith('f.')) ?? ''), text);
    const { code, said } = await run(args);
    expect(code).toBe(2);
    expect(said).toMatch(/^rangeway: /);
    expect(said).not.toContain(TOKEN.slice(0, 8));
    // A reported error has no stack.
    expect(said).not.toMatch(/^\s+at /m);
  });
});

test('neither does a Lambda function, its cause included', () => {
  for (const text of [`{"purge": ${TOKEN}}`, `"${TOKEN}"`]) {
    let thrown: unknown;
    try {
      readEnvironment({ RANGEWAY_BUCKET: 'b', RANGEWAY_SETTINGS: text });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ name: 'SettingsError', message: 'RANGEWAY_SETTINGS takes a JSON object of fields' });
    expect(thrown instanceof Error ? thrown.cause : 'none').toBeUndefined();
  }
});
