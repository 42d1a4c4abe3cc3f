import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reportSkipped } from '../../full.ts';
import { expectAnswers } from './answers.ts';
import { follow, type Followed } from './followed.ts';
import { commandOf, hasSystemd, isInstalled, verifyUnit } from './units.ts';

const hasNginx = isInstalled('nginx');
if (!hasNginx) reportSkipped('examples/node-behind-nginx', 'nginx is missing; test/examples/packages.txt');

const NGINX = 'nginx -e stderr -p "$PWD/" -c nginx.conf';
const THROUGH_NGINX = 'http://127.0.0.1:8080/hello.txt';

describe.skipIf(!hasNginx)('node-behind-nginx', () => {
  let example: Followed;
  let content: Buffer;
  beforeAll(async () => {
    const servers = { 'npm start': 'http://127.0.0.1:8787/', [NGINX]: THROUGH_NGINX };
    example = await follow('node-behind-nginx', { servers });
    content = await readFile(join(example.folder, 'files/hello.txt'));
  });
  afterAll(() => example?.remove());

  test('answers through nginx as its README shows', async () => {
    expect(example.outputs.get(`curl -i -r 0-9 ${THROUGH_NGINX}`)).toMatch(/^HTTP\/1\.1 206 /);
    await expectAnswers(example.address(THROUGH_NGINX), content);
    expect((await fetch(example.address('http://127.0.0.1:8787/.rangeway/ready'))).status).toBe(200);
  });

  test.skipIf(!hasSystemd)('has a unit without mistakes, whose command serves', async () => {
    const unit = join(example.folder, 'rangeway.service');
    expect(verifyUnit(unit)).toBe('');
    const port = new URL(example.address('http://127.0.0.1:8787/')).port;
    const other = example.address('http://127.0.0.1:7070/hello.txt');
    const command = commandOf(unit, 'ExecStart')
      .replace('/usr/bin/node', 'node')
      .replace('/srv/files', 'files')
      .replace(port, new URL(other).port);
    await example.start(`exec ${command}`, other);
    await expectAnswers(other, content);
  });
});
