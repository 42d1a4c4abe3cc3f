import { command, type CommandSpec } from './command-spec.ts';
import { BUCKET, HIDDEN, S3 } from './common-options.ts';
import { DEV_COMMAND, LAMBDA_COMMAND, SERVE_COMMAND } from './server-commands.ts';
import { TRANSFERS_COMMAND } from './transfers/transfers-command.ts';

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
    { name: 'rate', value: 'N', help: 'bytes a second at the most, of all requests with the link together' },
    { name: 'max-downloads', value: 'N', help: 'complete downloads at the most; the gateway has to keep transfers' },
    { name: 'max-bytes', value: 'N', help: 'bytes at the most, those after a break included' },
    { name: 'max-connections', value: 'N', help: 'requests at the same time at the most' },
  ],
  examples: [
    ['rangeway sign https://files.example.com/a.bin --expires 2h', 'one file for two hours'],
    ['rangeway sign https://files.example.com/beta/ --prefix --until 2026-12-31', 'a folder until the end of the year'],
    ['rangeway sign https://files.example.com/a.bin --expires 7d --max-downloads 3', 'three times'],
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
  TRANSFERS_COMMAND,
];
