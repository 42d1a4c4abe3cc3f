/**
 * Writes src/gateway/page-script.ts and transfers-script.ts: the scripts of pages, bundled from src/page, as the gateway
 * serves them. They are kept in the project, because Node runs the sources without a build, and a Worker has no files.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { printPageScript, printTransfersScript } from './bundle-page.ts';

const folder = join(import.meta.dirname, '../src/gateway');
writeFileSync(join(folder, 'page-script.ts'), await printPageScript());
writeFileSync(join(folder, 'transfers-script.ts'), await printTransfersScript());
