/**
 * Rangeway on AWS Lambda, for the CDK: `npx aws-cdk deploy --app "node infra/app.ts" -c front=cloudfront`.
 * options.ts has the options.
 */
import { App } from 'aws-cdk-lib';
import { join } from 'node:path';
import { parseOptions } from './options.ts';
import { RangewayStack } from './stack.ts';

const ENTRY = join(import.meta.dirname, '../src/platform/lambda/function.ts');

/** The CDK's own context (feature flags, cached lookups) has punctuation in its names. */
const OPTION = /^[A-Za-z]\w*$/;

// Not by itself at the exit, where it would write a stackless deployment after a refusal.
const app = new App({ analyticsReporting: false, autoSynth: false });
try {
  createStack(app, app.node.getAllContext());
  app.synth();
} catch (error) {
  if (!(error instanceof Error)) throw error;
  console.error(error.name === 'OptionsError' ? error.message : error);
  process.exitCode = 1;
}

function createStack(scope: App, context: Readonly<Record<string, unknown>>): RangewayStack {
  const options = Object.fromEntries(Object.entries(context).filter(([key]) => OPTION.test(key)));
  const { name } = parseOptions(options);
  const { name: _, ...gateway } = options;
  return new RangewayStack(scope, name, { gateway, entry: ENTRY });
}
