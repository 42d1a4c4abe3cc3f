import { styleText } from 'node:util';
import type { CommandSpec, OptionSpec } from './command-spec.ts';
import { COMMANDS } from './commands.ts';

/** Prints the overview: a line for each command. */
export function printOverview(): string {
  const width = Math.max(...COMMANDS.map((one) => callOf(one).length));
  const lines = COMMANDS.map((one) => `  ${bold(callOf(one).padEnd(width))}  ${one.summary}`);
  return `rangeway: a download gateway for object storage

${lines.join('\n')}

  ${bold('rangeway COMMAND --help')}  the options of a command, with examples
  ${bold('rangeway --version')}
`;
}

/** Prints the help of one command: its options, and examples to paste. */
export function printCommandHelp(spec: CommandSpec): string {
  const calls = spec.options.map(callOfOption);
  const width = Math.max(...calls.map((call) => call.length));
  const options = spec.options.map((one, i) => `  ${bold((calls[i] ?? '').padEnd(width))}  ${one.help}`);
  const examples = spec.examples.map(([line, remark]) => `  ${dim(`# ${remark}`)}\n  ${line}`);
  return `${bold(callOf(spec))}: ${spec.summary}

${options.join('\n')}

${examples.join('\n')}
`;
}

/** Prints the call of a command with its operands: `rangeway sign URL`. */
export function callOf({ name, operands }: CommandSpec): string {
  return `rangeway ${name}${operands === undefined ? '' : ` ${operands}`}`;
}

/** Prints an option with its short form and its value: `-o, --output FILE`. */
export function callOfOption({ name, short, value }: OptionSpec): string {
  return `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;
}

/** Styles are left out if stdout is no terminal, and by NO_COLOR. */
function bold(text: string): string {
  return styleText('bold', text, { stream: process.stdout });
}

function dim(text: string): string {
  return styleText('dim', text, { stream: process.stdout });
}
