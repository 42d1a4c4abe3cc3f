import { ENTRIES } from '../../test/examples/entries.ts';
import { cell } from './docstring.ts';
import { documentedExports, type DocumentedExport } from './exports.ts';
import { page, table, type ReferencePage } from './page.ts';

const GENERATED = 'This page is made from the docstrings by `npm run reference`.';

const kinds = { value: 'export', type: 'type' } as const;

function rows(exports: readonly DocumentedExport[], kind: DocumentedExport['kind']): string {
  return table(
    [kinds[kind], kind === 'value' ? 'does' : 'is'],
    exports.filter((one) => one.kind === kind).map(({ signature, sentence }) => [`\`${signature}\``, cell(sentence)]),
  );
}

/** Prints the functions of an entry by their groups, which are the comments of its file. */
function groups(exports: readonly DocumentedExport[]): readonly string[] {
  const values = exports.filter(({ kind }) => kind === 'value');
  return [...new Set(values.map(({ group }) => group))].flatMap((name) => [
    `## ${name}`,
    rows(
      values.filter(({ group }) => group === name),
      'value',
    ),
  ]);
}

/** Prints the functions and the types of a small entry, without the rows of names that `rangeway` has too. */
function entry(name: EntryName, main: readonly DocumentedExport[]): readonly string[] {
  const exports = documentedExports(ENTRIES[name]);
  const known = new Set(main.map(({ signature, sentence }) => `${signature}: ${sentence}`));
  const isKnown = ({ signature, sentence }: DocumentedExport) => known.has(`${signature}: ${sentence}`);
  const own = exports.filter((one) => !isKnown(one));
  const repeated = exports.filter(isKnown).map((one) => `\`${one.name}\``);
  return [
    `## \`${name}\``,
    rows(own, 'value'),
    rows(own, 'type'),
    ...(repeated.length === 0 ? [] : [`As in \`rangeway\`: ${repeated.join(', ')}.`]),
  ];
}

type EntryName = keyof typeof ENTRIES;

/** The pages of the entries beside `rangeway`. */
const OTHERS = [
  {
    name: 'reference-library-node.md',
    title: 'downloads and Node',
    entries: ['rangeway/client', 'rangeway/node'],
  },
  {
    name: 'reference-library-platforms.md',
    title: 'S3, Workers, Lambda, tokens and CDK',
    entries: ['rangeway/s3', 'rangeway/workers', 'rangeway/lambda', 'rangeway/jwt', 'rangeway/cdk'],
  },
] as const satisfies readonly {
  readonly name: string;
  readonly title: string;
  readonly entries: readonly EntryName[];
}[];

/** Makes the pages of the exports of the library. */
export function libraryPages(): readonly ReferencePage[] {
  const main = documentedExports(ENTRIES.rangeway);
  const types = main.filter(({ kind }) => kind === 'type');
  const others = OTHERS.flatMap(({ name, entries }) => entries.map((one) => `[\`${one}\`](${name})`));
  return [
    page(
      'reference-library.md',
      '# Reference: library',
      `Every function and value of \`rangeway\`; an optional parameter ends in \`?\`. Types: [reference-library-types.md](reference-library-types.md). Other entries: ${others.join(', ')}. How they are used: [library.md](library.md). Parameters, errors and an example of each are in its docstring, which editors show. ${GENERATED}`,
      ...groups(main),
    ),
    page(
      'reference-library-types.md',
      '# Reference: types of the library',
      `Every type of \`rangeway\`. Functions: [reference-library.md](reference-library.md). ${GENERATED}`,
      table(
        ['type', 'is', 'of'],
        types.map(({ signature, sentence, group }) => [`\`${signature}\``, cell(sentence), group]),
      ),
    ),
    ...OTHERS.map(({ name, title, entries }) =>
      page(
        name,
        `# Reference: ${title}`,
        `Every export of these entries. \`rangeway\`: [reference-library.md](reference-library.md). ${GENERATED}`,
        ...entries.flatMap((one) => entry(one, main)),
      ),
    ),
  ];
}
