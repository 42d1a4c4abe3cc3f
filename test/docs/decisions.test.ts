import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../examples/entries.ts';
import { readPages } from '../examples/pages.ts';

const FOLDER = 'docs/decisions';
const pages = (await readPages()).filter(({ path }) => path.startsWith(`${FOLDER}/`));
const index = pages.find(({ path }) => path === `${FOLDER}/README.md`)?.text ?? '';
const decisions = pages.filter(({ path }) => path !== `${FOLDER}/README.md`);

/** The state of a decision: the sentence below its title, if a later one has replaced it. */
function stateOf(text: string): string {
  const [, replaced, number = '', file = ''] =
    /^# .*\n\n\*\*(Superseded(?: in part)?) by \[(\d{4})\]\((\S+\.md)\)\.\*\*/.exec(text) ?? [];
  return replaced === undefined ? 'holds' : `${replaced.toLowerCase()} by [${number}](${file})`;
}

/** The line of the index for a decision. */
function lineOf(path: string, text: string): string {
  const [, number = '', title = ''] = /^# (\d{4}): (.*)\n/.exec(text) ?? [];
  const name = path.slice(FOLDER.length + 1);
  return `| [${number}](${name}): ${title.charAt(0).toUpperCase()}${title.slice(1)} | ${stateOf(text)} |`;
}

describe('docs/decisions', () => {
  test('has an index with each decision in its order, its title and its state', () => {
    const lines = index.split('\n').filter((line) => line.startsWith('| ['));
    expect(lines).toEqual(decisions.map(({ path, text }) => lineOf(path, text)).toSorted());
  });

  test.for(decisions.map(({ path, text }) => ({ path, text })))(
    '$path has the number of its name',
    ({ path, text }) => {
      const [number] = /\d{4}/.exec(path) ?? [];
      expect(text.startsWith(`# ${number}: `)).toBe(true);
    },
  );

  test('names a later decision where one is superseded', () => {
    for (const { path, text } of decisions) {
      const [, number = '', file = ''] = /by \[(\d{4})\]\((.*)\)$/.exec(stateOf(text)) ?? [];
      if (number === '') continue;
      expect([path, number > path.slice(FOLDER.length + 1)]).toEqual([path, true]);
      expect([path, file.startsWith(number) && existsSync(join(ROOT, FOLDER, file))]).toEqual([path, true]);
    }
  });

  test('has no other form of that sentence', () => {
    const others = decisions.filter(({ text }) => /^\W*superseded/im.test(text) && stateOf(text) === 'holds');
    expect(others.map(({ path }) => path)).toEqual([]);
  });

  test.for([
    ['# 0001: A\n\n**Superseded by [0002](0002-b.md).** Why.', 'superseded by [0002](0002-b.md)'],
    ['# 0001: A\n\n**Superseded in part by [0002](0002-b.md).** Why.', 'superseded in part by [0002](0002-b.md)'],
    ['# 0001: A\n\nText.\n\n**Superseded by [0002](0002-b.md).**', 'holds'],
  ] as const)('the state of %j is %s', ([text, state]) => {
    expect(stateOf(text)).toBe(state);
  });
});
