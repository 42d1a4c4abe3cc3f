/** A mistake in a command line, or in what it names: told in one line, without a stack. */
export interface UsageError extends Error {
  readonly name: 'UsageError';
}

/** Makes a {@link UsageError}. The message says what was wrong and what to write instead. */
export function usageError(message: string, cause?: unknown): UsageError {
  return Object.assign(new Error(message, { cause }), { name: 'UsageError' as const });
}

export const HELP = `rangeway: a download gateway for object storage

  rangeway dev     the Worker of wrangler.toml in workerd, with a local R2 bucket
    --dir DIR        fill the bucket from DIR; keys are relative paths (default: samples made for a first look)
    --persist DIR    keep the bucket in DIR (default: .rangeway/dev)
    --config FILE    the Worker's wrangler.toml (default: ./wrangler.toml, else Rangeway's own)

  rangeway serve   the same gateway on Node, over a folder
    --dir DIR        the folder to serve; required
    --settings FILE  settings as JSON, see docs/configuration.md

  both
    --port N         the port to listen on (default: 8787); 0 takes any that is free
    --host H         the address to listen on (default: 127.0.0.1)

  rangeway --help, rangeway --version
`;
