import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runCheck } from '../../../src/cli/check/run-check.ts';
import { printJsonReport } from '../../../src/cli/check/report.ts';
import { checkClient } from '../../../src/cli/check/send-request.ts';
import { startBadServer } from './bad-server.ts';

const page = readFileSync(new URL('../../../docs/checking.md', import.meta.url), 'utf8');

/** The names in the first column of a table of the page. */
function namesOf(heading: string): readonly string[] {
  const table = page.slice(page.indexOf(heading)).split('\n\n')[0] ?? '';
  return table
    .split('\n')
    .flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([\w-]+)`/g)].map(([, name = '']) => name));
}

test('docs/checking.md explains each check, in their order, and each field of the JSON', async () => {
  const { url, stop } = await startBadServer({});
  const client = checkClient({ fields: {}, timeout: 10_000, total: 60_000 });
  const report = await runCheck(client, new URL(url), 'https://page.example');
  client.close();
  await stop();
  const json: { readonly checks: readonly Readonly<Record<string, string>>[] } = JSON.parse(
    printJsonReport(url, report),
  );
  expect(namesOf('| check |')).toEqual(json.checks.map(({ name }) => name));
  expect(namesOf('| field |')).toEqual(Object.keys(json));
  for (const field of Object.keys(json.checks[0] ?? {})) expect(page).toContain(`\`${field}\``);
});
