/**
 * Writes src/gateway/page-script.ts: the script of pages, bundled from src/page, as the gateway serves it. It is kept in
 * the project, because Node runs the sources without a build, and a Worker has no files.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { printPageScript } from './bundle-page.ts';

writeFileSync(join(import.meta.dirname, '../src/gateway/page-script.ts'), await printPageScript());
