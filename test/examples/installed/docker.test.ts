import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { parse } from 'yaml';
import { reportSkipped } from '../../full.ts';
import { dig } from '../../infra/json.ts';
import { hasCeph, startCeph } from '../../s3/ceph.ts';
import { ROOT } from '../entries.ts';
import { expectAnswers } from './answers.ts';
import { follow, type Followed } from './followed.ts';
import { buildImage, execForm, readDockerfile, type BuiltStage } from './image.ts';
import { installPackages } from './packages.ts';
import { commandOf, hasSystemd, verifyUnit } from './units.ts';

const SOURCE = join(ROOT, 'examples/node-docker');
const HELLO = 'http://127.0.0.1:8787/hello.txt';
const KEYS = { AWS_ACCESS_KEY_ID: 'rangeway', AWS_SECRET_ACCESS_KEY: 'rangeway-secret' };

describe('the files of node-docker', () => {
  test('make an image of fixed versions, without root, with a health check', async () => {
    const instructions = await readDockerfile(join(SOURCE, 'Dockerfile'));
    const textsOf = (name: string) => instructions.filter((one) => one.name === name).map(({ text }) => text);
    expect(textsOf('FROM').filter((text) => !/^node:\d+-[\w-]+(?: AS \w+)?$/.test(text))).toEqual([]);
    expect([textsOf('ADD'), textsOf('MAINTAINER')]).toEqual([[], []]);
    expect(textsOf('USER')).toEqual(['node']);
    const order = instructions.map(({ name }) => name);
    expect(order.indexOf('USER')).toBeGreaterThan(order.lastIndexOf('COPY'));
    expect(order.indexOf('USER')).toBeGreaterThan(order.lastIndexOf('RUN'));
    expect(textsOf('CMD')).toHaveLength(1);
    expect([execForm(textsOf('CMD')[0]), execForm(textsOf('HEALTHCHECK')[0])]).toEqual([
      expect.stringContaining("'--host' '0.0.0.0'"),
      "'node' 'health.mjs'",
    ]);
  });

  test('compose two services, whose keys agree, on loopback', async () => {
    const compose: unknown = parse(await readFile(join(SOURCE, 'compose.yaml'), 'utf8'));
    const gateway = dig(compose, 'services', 'gateway');
    const storage = dig(compose, 'services', 'storage');
    expect(dig(gateway, 'environment')).toEqual({
      AWS_ACCESS_KEY_ID: dig(storage, 'environment', 'ROOT_ACCESS_KEY'),
      AWS_SECRET_ACCESS_KEY: dig(storage, 'environment', 'ROOT_SECRET_KEY'),
    });
    expect(dig(storage, 'image')).toMatch(/:v\d+\.\d+\.\d+$/);
    expect([dig(gateway, 'ports'), dig(storage, 'ports')]).toEqual([['127.0.0.1:8787:8787'], ['127.0.0.1:7070:7070']]);
    expect([dig(gateway, 'depends_on'), dig(gateway, 'cap_drop')]).toEqual([['storage'], ['ALL']]);
    const settings: unknown = JSON.parse(await readFile(join(SOURCE, 'gateway.json'), 'utf8'));
    expect(JSON.stringify(settings)).toContain('"endpoint":"http://storage:7070"');
  });

  test.skipIf(!hasSystemd)('have a unit without mistakes', () => {
    const unit = join(SOURCE, 'rangeway-docker.service');
    expect(verifyUnit(unit, ['docker.service'])).toBe('');
    expect(commandOf(unit, 'ExecStart')).toBe('/usr/bin/docker compose up --build');
  });
});

const isThere = hasCeph();
if (!isThere) reportSkipped('the steps of node-docker', 'radosgw is missing; test/s3/packages.txt');

describe.skipIf(!isThere)('node-docker, step by step, over a real S3 server', () => {
  let ceph: Awaited<ReturnType<typeof startCeph>>;
  let example: Followed;
  let image: BuiltStage;
  const inImage = (command: string) => `cd '${image.workdir}' && exec ${command}`;

  /** Does what compose does: builds the image, and starts its command until the health check passes. */
  async function up(here: Followed): Promise<void> {
    const { folder } = here;
    image = await buildImage(await readDockerfile(join(folder, 'Dockerfile')), folder, folder, (command, stage) => {
      expect(command).toMatch(/^npm install --omit=dev /);
      return installPackages(stage, inject('tarball'));
    });
    await here.start(inImage(execForm(image.last.get('CMD'))), `${new URL(HELLO).origin}/.rangeway/health`);
    await here.run(inImage(execForm(image.last.get('HEALTHCHECK'))));
    // There is no bucket yet.
    expect((await fetch(here.address(HELLO))).status).toBe(502);
  }

  beforeAll(async () => {
    ceph = await startCeph();
    example = await follow('node-docker', {
      env: KEYS,
      replace: { 'http://storage:': 'http://127.0.0.1:', 'example:example-secret': Object.values(KEYS).join(':') },
      ports: { '7070': new URL(ceph.endpoint).port },
      instead: { 'docker compose up --build --wait': up },
    });
  });
  afterAll(async () => {
    await example?.remove();
    ceph.stop();
  });

  test('answers as its README shows', async () => {
    const answer = [...example.outputs].find(([command]) => command.endsWith(HELLO))?.[1];
    expect(answer).toMatch(/^HTTP\/1\.1 206 /m);
    await expectAnswers(example.address(HELLO), await readFile(join(example.folder, 'README.md')));
  });

  test('is unhealthy where nothing answers', async () => {
    await example.run(`sed s/8787/1/ '${SOURCE}/health.mjs' >'${image.workdir}/elsewhere.mjs'`);
    const check = execForm(image.last.get('HEALTHCHECK')).replace('health', 'elsewhere');
    await expect(example.run(inImage(check))).rejects.toThrow('fetch failed');
  });
});
