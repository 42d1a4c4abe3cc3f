import { command, type CommandSpec } from './command-spec.ts';

const LISTEN = [
  { name: 'port', value: 'N', help: 'the port to listen on (default: 8787); 0 takes any that is free' },
  { name: 'host', value: 'H', help: 'the address to listen on (default: 127.0.0.1)' },
] as const;

const HIDDEN = { name: 'hidden', help: 'names that begin with a dot too, such as .env and .git' } as const;

const BUCKET = [
  { name: 's3', value: 'BUCKET', help: 'a bucket of S3; credentials from the environment' },
  { name: 'endpoint', value: 'URL', help: 'of a storage that is not AWS' },
  { name: 'region', value: 'R', help: '(default: AWS_REGION)' },
  { name: 'path-style', help: 'the bucket in the path; Ceph and MinIO mostly want it' },
] as const;

const S3 = [
  ...BUCKET,
  { name: 'prefix', value: 'P', help: 'put before every key, such as releases/', mayBeEmpty: true },
] as const;

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

/** `rangeway config check` */
export const CONFIG_COMMAND = command({
  name: 'config',
  operands: 'check [FILE]',
  summary: 'the effective configuration of FILE, every default filled in, without secrets',
  options: [
    {
      name: 'for',
      value: 'PLATFORM',
      help: 'node, workers or lambda: refuse what that platform would refuse (a wrangler.toml: workers)',
    },
    { name: 'env', value: 'NAME', help: 'an environment of the wrangler.toml (default: CLOUDFLARE_ENV)' },
    { name: 'quiet', help: 'print mistakes only' },
    { name: 'schema', help: 'print the JSON Schema of configurations instead' },
  ],
  examples: [
    ['rangeway config check', 'of ./wrangler.toml'],
    [
      'AWS_PROFILE=files rangeway config check rangeway.json',
      'of a file for serve --config; each S3 store is read once',
    ],
  ],
});

/** `rangeway get` */
export const GET_COMMAND = command({
  name: 'get',
  operands: 'URL...',
  summary: 'downloads files through several connections: exact, resumed and verified, or an error',
  options: [
    { name: 'output', short: 'o', value: 'FILE', help: 'the file, a folder, or - for stdout (default: this folder)' },
    { name: 'output-dir', short: 'O', value: 'DIR', help: 'the folder for files with the names that the server gives' },
    {
      name: 'connections',
      short: 'c',
      value: 'N',
      help: 'at most N connections (default: 8); as many as help are used',
    },
    { name: 'checksum', value: 'sha-256=HEX', help: 'the digest that the file has to have; also sha-512=HEX' },
    { name: 'on-change', value: 'WHAT', help: 'if the file changes meanwhile: restart (default) or fail' },
    { name: 'refresh', value: 'CMD', help: 'a command that prints a fresh address, when the old one has expired' },
    { name: 'header', value: 'LINE', help: 'a field of each request, such as "X-Token: a"; may be repeated' },
    { name: 'user', value: 'USER:VARIABLE', help: 'log in with a password, which is in a variable' },
    { name: 'proxy', value: 'URL', help: 'an HTTP proxy (default: HTTPS_PROXY, HTTP_PROXY and NO_PROXY)' },
    { name: 'limit-rate', value: 'RATE', help: 'bytes a second at the most, such as 500KiB or 2MiB' },
    { name: 'retry', value: 'N', help: 'failures in a row until it gives up (default: 10)' },
    { name: 'timeout', value: 'T', help: 'a connection that is silent for so long has failed (default: 30s)' },
    { name: 'force', help: 'replace a file that exists' },
    { name: 'no-verify', help: 'compare no digest, and accept a body whose end is uncertain' },
    { name: 'unsafe-resume', help: 'continue without an ETag too, though the file may have changed' },
    { name: 'json', help: 'events on stdout, one a line' },
    { name: 'quiet', short: 'q', help: 'errors alone' },
  ],
  examples: [
    ['rangeway get https://files.example.com/app.iso', 'into this folder; the same again continues it'],
    ['rangeway get https://files.example.com/app.tar -o - | tar x', 'unpacked as it comes'],
  ],
});

/** `rangeway sign` */
export const SIGN_COMMAND = command({
  name: 'sign',
  operands: 'URL',
  summary: 'a link that opens URL for a time; on stdout, and nothing else there',
  options: [
    { name: 'expires', value: 'T', help: 'how long it is valid: 90s, 30m, 2h, 7d' },
    { name: 'until', value: 'DATE', help: 'until when instead: 2026-12-31, or 2026-12-31T18:00Z; UTC without a zone' },
    { name: 'keys', value: 'FILE', help: 'the keys, as keygen makes them (default: the variable RANGEWAY_KEYS)' },
    { name: 'key-id', value: 'K', help: 'the key to sign with (default: the first)' },
    { name: 'not-before', value: 'T', help: 'valid from T on, counted from now as --expires is' },
    { name: 'prefix', help: 'open every file below URL, which has to end in a slash' },
    { name: 'ip', value: 'A', help: 'only for a client at A, an address or a CIDR block' },
    { name: 'filename', value: 'NAME', help: 'the name that browsers save the file under' },
    { name: 'id', value: 'ID', help: 'the id of the download' },
    { name: 'rate', value: 'N', help: 'bytes a second at the most; kept in the link, and not yet enforced' },
  ],
  examples: [
    ['rangeway sign https://files.example.com/a.bin --expires 2h', 'one file for two hours'],
    ['rangeway sign https://files.example.com/beta/ --prefix --until 2026-12-31', 'a folder until the end of the year'],
  ],
});

/** `rangeway keygen` */
export const KEYGEN_COMMAND = command({
  name: 'keygen',
  summary: 'a new key for links; on stdout, as it stands in RANGEWAY_KEYS or a file of keys',
  options: [{ name: 'key-id', value: 'K', help: '(default: k and the date)' }],
  examples: [
    ['rangeway keygen > keys', 'a file for sign --keys'],
    ['rangeway keygen --key-id k2', 'with an id of your own'],
  ],
});

/** `rangeway purge` */
export const PURGE_COMMAND = command({
  name: 'purge',
  operands: 'KEY…',
  summary: 'the next request for KEY reads the storage again; the token is in RANGEWAY_PURGE_TOKEN',
  options: [
    { name: 'url', value: 'URL', help: 'the address of the gateway, with the path of the mount' },
    { name: 'cdn', value: 'NAME', help: 'purge a CDN too: cloudflare or cloudfront; credentials from the environment' },
    { name: 'tags', value: 'A,B', help: 'instead of keys: all responses of mounts with these cacheTags; cloudflare' },
    { name: 'zone', value: 'ID', help: 'of Cloudflare (default: CLOUDFLARE_ZONE_ID)' },
    { name: 'distribution', value: 'ID', help: 'of CloudFront (default: CLOUDFRONT_DISTRIBUTION_ID)' },
  ],
  examples: [
    ['rangeway purge releases/app.bin --url https://files.example.com', 'one object, see docs/caching.md'],
    [
      'rangeway purge a.bin b.bin --url https://files.example.com --cdn cloudfront --distribution E1',
      'at the edge too',
    ],
  ],
});

const REQUEST_HEADER = {
  name: 'header',
  value: "'NAME: VALUE'",
  help: 'a field of each request, such as Authorization; may be repeated',
} as const;

/** `rangeway check` */
export const CHECK_COMMAND = command({
  name: 'check',
  operands: 'URL',
  summary: 'whether downloads from any address can be resumed safely; about twenty requests, a verdict a line',
  options: [
    REQUEST_HEADER,
    {
      name: 'timeout',
      value: 'T',
      help: 'of each request (default: 10s); all of them take six times as long at the most',
    },
    { name: 'json', help: 'print the verdicts as JSON, see docs/checking.md' },
  ],
  examples: [
    ['rangeway check https://files.example.com/a.bin', 'exit code 0 if a download can be resumed safely, else 1'],
    [
      "rangeway check 'https://files.example.com/a.bin?rgw-sig=…' --json",
      'a signed link; no value of its query is printed',
    ],
  ],
});

/** `rangeway warm` */
export const WARM_COMMAND = command({
  name: 'warm',
  operands: '[PREFIX]',
  summary: 'asks a gateway for objects, so that caches have them: those below PREFIX, or of a list',
  options: [
    { name: 'url', value: 'URL', help: 'the address of the gateway, with the path of the mount' },
    { name: 'input-file', value: 'FILE', help: 'the keys, one a line; - for stdin' },
    { name: 'dir', value: 'DIR', help: 'list the keys below PREFIX in a folder, as serve --dir has them' },
    ...S3,
    { name: 'read', value: 'PART', help: 'first (a byte), whole, or blocks (a byte of each block) (default: first)' },
    { name: 'block-size', value: 'SIZE', help: 'of --read blocks (default: 8MiB, as on Workers; on Node 1MiB)' },
    { name: 'rate', value: 'N', help: 'requests a second at the most (default: 50)' },
    { name: 'concurrency', value: 'N', help: 'requests at a time at the most (default: 8)' },
    REQUEST_HEADER,
  ],
  examples: [
    ['rangeway warm releases/ --s3 files --url https://files.example.com', 'all objects of a bucket below a prefix'],
    ['rangeway warm --input-file keys.txt --read whole --rate 5 --url https://files.example.com', 'a list, to the end'],
  ],
});

/** `rangeway index` */
export const INDEX_COMMAND = command({
  name: 'index',
  summary: 'piece indexes for the objects of a folder or a bucket, so that clients can check and repair downloads',
  options: [
    { name: 'dir', value: 'DIR', help: 'the folder whose files get indexes, in DIR/.rangeway/pieces' },
    HIDDEN,
    ...BUCKET,
    { name: 'prefix', value: 'P', help: 'only objects whose keys begin so, such as releases/' },
    { name: 'concurrency', value: 'N', help: 'objects that are read at the same time, 1 to 64 (default: 2)' },
    { name: 'prune', help: 'remove the indexes of objects that no longer exist' },
    { name: 'dry-run', help: 'only print the keys that would get an index, and the indexes that would be removed' },
    { name: 'json', help: 'print the summary as JSON on stdout' },
    { name: 'pieces-in', value: 'PLACE', help: 'the folder or bucket of the indexes, if it is another one' },
    {
      name: 'pieces-prefix',
      value: 'P',
      help: "of the indexes, as the mount's setting pieces.prefix",
      mayBeEmpty: true,
    },
  ],
  examples: [
    ['rangeway index --dir public', 'a folder; a second run builds only what is missing'],
    ['rangeway index --s3 releases --prefix v2/ --prune', 'a part of a bucket, and no indexes of what is gone'],
  ],
});

/** All commands, in the order of the help. */
export const COMMANDS: readonly CommandSpec[] = [
  DEV_COMMAND,
  SERVE_COMMAND,
  LAMBDA_COMMAND,
  GET_COMMAND,
  CONFIG_COMMAND,
  SIGN_COMMAND,
  KEYGEN_COMMAND,
  PURGE_COMMAND,
  CHECK_COMMAND,
  WARM_COMMAND,
  INDEX_COMMAND,
];
