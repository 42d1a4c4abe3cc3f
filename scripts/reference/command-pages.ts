import type { CommandSpec, OptionSpec } from '../../src/cli/command-spec.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { callOf, callOfOption } from '../../src/cli/help.ts';
import { cell } from './docstring.ts';
import { page, table, type ReferencePage } from './page.ts';

const GENERATED = 'This page is made from the help by `npm run reference`.';

/** The commands of each page. The first page also lists all commands. */
const PAGES = [
  {
    name: 'reference-command-line.md',
    title: '# Reference: command line',
    commands: ['dev', 'serve', 'lambda', 'config'],
  },
  {
    name: 'reference-command-line-downloads.md',
    title: '# Reference: commands for downloads',
    commands: ['get', 'check', 'warm', 'index'],
  },
  {
    name: 'reference-command-line-administration.md',
    title: '# Reference: commands for links, purges and transfers',
    commands: ['sign', 'keygen', 'purge', 'transfers'],
  },
] as const;

/** Makes the pages of the commands and their options. */
export function commandPages(): readonly ReferencePage[] {
  const placed = new Set<string>(PAGES.flatMap(({ commands }) => commands));
  const missing = COMMANDS.filter(({ name }) => !placed.has(name));
  if (missing.length > 0) throw new Error(`no page has the command ${missing.map(({ name }) => name).join(', ')}`);
  return PAGES.map(({ name, title, commands }, i) => {
    const specs = commands.flatMap((one) => COMMANDS.find((spec) => spec.name === one) ?? []);
    const others = PAGES.filter((_, other) => other !== i).flatMap((one) =>
      one.commands.map((command) => link(command)),
    );
    return page(
      name,
      title,
      i === 0
        ? `\`rangeway COMMAND --help\` prints the same, and \`rangeway --version\` the version. A mistake of the caller exits with 2. ${GENERATED}`
        : `Other commands: ${others.join(', ')}. ${GENERATED}`,
      ...(i === 0 ? [overview()] : []),
      ...specs.flatMap(describe),
    );
  });
}

/** A link to the section of a command. */
function link(command: string): string {
  const target = PAGES.find(({ commands }) => commands.some((one) => one === command));
  return `[${command}](${target?.name}#${command})`;
}

function overview(): string {
  return table(
    ['command', 'does'],
    COMMANDS.map(({ name, summary }) => [link(name), cell(summary)]),
  );
}

function describe(spec: CommandSpec): readonly string[] {
  const examples = spec.examples.map(([line, remark]) => `${line}  # ${remark}`);
  return [
    `## ${spec.name}`,
    `\`${callOf(spec)}\`: ${spec.summary}.`,
    table(
      ['option', 'meaning'],
      spec.options.map((option: OptionSpec) => [`\`${callOfOption(option)}\``, cell(option.help)]),
    ),
    `\`\`\`sh\n${examples.join('\n')}\n\`\`\``,
  ];
}
