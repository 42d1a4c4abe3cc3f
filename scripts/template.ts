/**
 * Writes the template of the default stack to dist/template.json, and the function beside it, to dist/lambda: what a
 * release has for deployments without the CDK (docs/aws.md).
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleHandler } from '../infra/bundle.ts';
import { printTemplate } from '../infra/template.ts';

const root = join(import.meta.dirname, '..');
const code = join(root, 'dist/lambda');
mkdirSync(code, { recursive: true });
bundleHandler(join(root, 'src/platform/lambda/function.ts'), code);
writeFileSync(join(root, 'dist/template.json'), printTemplate(code, 'lambda'));
