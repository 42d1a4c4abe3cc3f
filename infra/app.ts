/**
 * Rangeway on AWS Lambda, for the CDK: `npx cdk deploy -c front=cloudfront`. options.ts has the options. In a clone it
 * bundles the function; in the package, compiled, it deploys the one that is built.
 */
import { App } from 'aws-cdk-lib';
import { join } from 'node:path';
import { FEATURE_FLAGS } from './feature-flags.ts';
import { parseOptions } from './options.ts';
import { RangewayStack } from './stack.ts';

const ENTRY = join(import.meta.dirname, '../src/platform/lambda/function.ts');
const INDEX_ENTRY = join(import.meta.dirname, '../src/platform/lambda/index-function.ts');

/** The CDK's own context (feature flags, cached lookups) has punctuation in its names. */
const OPTION = /^[A-Za-z]\w*$/;

// Not by itself at the exit, where it would write a stackless deployment after a refusal.
const app = new App({ analyticsReporting: false, autoSynth: false, context: FEATURE_FLAGS });
try {
  await createStack(app, app.node.getAllContext());
  app.synth();
} catch (error) {
  if (!(error instanceof Error)) throw error;
  console.error(error.name === 'OptionsError' ? error.message : error);
  process.exitCode = 1;
}

async function createStack(scope: App, context: Readonly<Record<string, unknown>>): Promise<void> {
  const options = Object.fromEntries(Object.entries(context).filter(([key]) => OPTION.test(key)));
  const { name, stack } = parseOptions(options);
  const { name: _, ...gateway } = options;
  if (!import.meta.url.endsWith('.ts')) return void new RangewayStack(scope, name, { gateway });
  // Not loaded from the package, which is installed without esbuild.
  const { withBundle } = await import('./bundle.ts');
  const use = (code: string) => new RangewayStack(scope, name, { gateway: { ...gateway, code } });
  withBundle(ENTRY, use, stack.index === undefined ? undefined : INDEX_ENTRY);
}
