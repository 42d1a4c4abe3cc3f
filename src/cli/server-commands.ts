import { command } from './command-spec.ts';
import { HIDDEN, S3 } from './common-options.ts';

const LISTEN = [
  { name: 'port', value: 'N', help: 'the port to listen on (default: 8787); 0 takes any that is free' },
  { name: 'host', value: 'H', help: 'the address to listen on (default: 127.0.0.1)' },
] as const;

const LOG = {
  name: 'log',
  value: 'json|pretty|off',
  help: 'the form of log lines (default: pretty on a terminal, else json)',
} as const;

const ENDPOINT = 'https://s3.example.com';

/** `rangeway dev` */
export const DEV_COMMAND = command({
  name: 'dev',
  summary: 'the Worker of wrangler.toml in workerd, with a local R2 bucket, or over S3',
  options: [
    { name: 'dir', value: 'DIR', help: 'fill the bucket from DIR; keys are relative paths (default: samples)' },
    HIDDEN,
    { name: 'persist', value: 'DIR', help: 'keep the bucket in DIR (default: .rangeway/dev)' },
    {
      name: 'config',
      value: 'FILE',
      help: "the Worker's wrangler.toml (default: ./wrangler.toml, else Rangeway's own)",
    },
    LOG,
    ...LISTEN,
    ...S3,
  ],
  examples: [
    ['rangeway dev', 'over samples, for a first look'],
    ['rangeway dev --dir public --port 3000', 'over the files of a folder'],
  ],
});

/** `rangeway serve` */
export const SERVE_COMMAND = command({
  name: 'serve',
  summary: 'the same gateway on Node, over a folder or over S3',
  options: [
    { name: 'dir', value: 'DIR', help: 'the folder to serve' },
    HIDDEN,
    { name: 'config', value: 'FILE', help: 'settings and mounts as JSON, see docs/configuration.md' },
    { name: 'index', value: 'FILE', help: 'the file that is served for a folder, such as index.html' },
    { name: 'listing', value: 'html|json', help: 'list folders without an index document' },
    { name: 'cache', value: 'SIZE|DIR', help: 'cache blocks, in memory (256MiB) or in a folder (./cache)' },
    { name: 'auth', value: 'USER:VARIABLE', help: 'ask for a password, which is in a variable' },
    { name: 'cors', value: 'ORIGINS', help: 'origins whose pages may read, with commas between; * for all' },
    { name: 'pieces', help: 'serve piece indexes; with --dir, those that are missing are built in the background' },
    { name: 'cache-control', value: 'VALUE', help: 'for objects that have none stored, such as max-age=3600' },
    { name: 'workers', value: 'N|auto', help: 'processes behind one port; auto: one for each core (default: 1)' },
    LOG,
    ...LISTEN,
    ...S3,
  ],
  examples: [
    ['rangeway serve --dir public', 'the files of a folder, at http://127.0.0.1:8787/'],
    [`rangeway serve --s3 releases --endpoint ${ENDPOINT} --host 0.0.0.0`, 'a bucket, for other machines too'],
  ],
});

/** `rangeway lambda` */
export const LAMBDA_COMMAND = command({
  name: 'lambda',
  summary: "the same gateway as a Lambda function over S3, behind a local function URL with Lambda's limits",
  options: [
    { name: 'mode', value: 'M', help: 'buffered or stream (default: buffered)' },
    { name: 'overflow', value: 'P', help: 'what does not fit: redirect, partial or refuse (default: redirect)' },
    ...LISTEN,
    ...S3,
  ],
  examples: [
    ['rangeway lambda --s3 releases', 'bodies up to 6 MB, redirects for more'],
    ['rangeway lambda --s3 releases --mode stream', 'streamed, up to 200 MB'],
  ],
});
