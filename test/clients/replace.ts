/** The command behind `$REPLACE KEY FILE`: sends the file to the runner, which replaces the object by it. */
import { openAsBlob } from 'node:fs';

const [url, key = '', file = ''] = process.argv.slice(2);
const response = await fetch(`${url}/${encodeURIComponent(key)}`, { method: 'PUT', body: await openAsBlob(file) });
if (!response.ok) throw new Error(await response.text());
