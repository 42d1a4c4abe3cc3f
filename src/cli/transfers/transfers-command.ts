import { command } from '../command-spec.ts';

/** `rangeway transfers` */
export const TRANSFERS_COMMAND = command({
  name: 'transfers',
  operands: 'URL|backup FILE|import FILE…',
  summary: 'which downloads of a gateway run, how far, and which are complete; the token is in RANGEWAY_ADMIN_TOKEN',
  options: [
    { name: 'watch', help: 'follow them: a table that is drawn again, or a line for each change' },
    { name: 'json', help: 'a transfer a line, as the API has it' },
    { name: 'key', value: 'KEY', help: 'of this object alone' },
    { name: 'mount', value: 'PATH', help: 'of this mount alone' },
    { name: 'state', value: 'S', help: 'active, paused or complete' },
    { name: 'reader', value: 'NAME', help: 'of this reader alone, such as link:ID' },
    { name: 'limit', value: 'N', help: 'the newest N (default: 100)' },
    {
      name: 'format',
      value: 'F',
      help: 'of import: cloudfront (standard logs) or cloudflare (Logpush, HTTP requests)',
    },
    { name: 'url', value: 'URL', help: 'of import: the address of the gateway' },
    { name: 'misses', help: 'of import: also requests that the CDN has passed on to the gateway' },
    { name: 'file', value: 'FILE', help: 'the database for backup (default: rangeway-transfers.sqlite)' },
  ],
  examples: [
    ['rangeway transfers --watch https://files.example.com', 'the newest hundred, see docs/transfers.md'],
    [
      'rangeway transfers import E1.2026-11-10-12.gz --format cloudfront --url https://files.example.com',
      'downloads that the CDN has answered from its cache',
    ],
    ['rangeway transfers backup backup.sqlite', 'a copy of the database, while the server runs'],
  ],
});
