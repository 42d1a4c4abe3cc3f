import { App, CfnResource } from 'aws-cdk-lib';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FEATURE_FLAGS } from '../../infra/feature-flags.ts';
import { makeFolder } from './folder.ts';
import { dig, objectsIn } from './json.ts';
import { addStack } from './synthesise.ts';
import { VARIANTS } from './variants.ts';

/** The violations of CloudFormation's schemas, which are part of the CDK, in the templates of an app. */
function validate(fill: (app: App) => void): readonly string[] {
  const outdir = makeFolder();
  const app = new App({ analyticsReporting: false, context: FEATURE_FLAGS, outdir });
  fill(app);
  try {
    app.synth();
  } catch (error) {
    // With the feature flags of cdk.json a violation ends the synthesis, when the report is written.
    if (!(error instanceof Error) || error.name !== 'ValidationFailed') throw error;
  }
  const report: unknown = JSON.parse(readFileSync(join(outdir, 'validation-report.json'), 'utf8'));
  return [...objectsIn(dig(report, 'pluginReports'))]
    .filter((found) => 'ruleName' in found)
    .map(({ ruleName, description }) => `${String(ruleName)}: ${String(description)}`);
}

/** The schemas are compiled first: seconds on a free machine, more on a busy one. */
const TIMEOUT = 120_000;

test('CloudFormation’s schemas accept each variant', { timeout: TIMEOUT }, () => {
  const problems = validate((app) => {
    for (const [index, options] of VARIANTS.entries()) addStack(app, { ...options, name: `Variant${index}` });
  });
  expect(problems).toEqual([]);
});

test('CloudFormation’s schemas refuse an invalid template', { timeout: TIMEOUT }, () => {
  const problems = validate((app) => {
    const stack = addStack(app, {});
    expect(new CfnResource(stack, 'Wrong', { type: 'AWS::S3::Bucket', properties: { Nonsense: 1 } })).toBeDefined();
  });
  expect(problems).toEqual([expect.stringContaining('Nonsense')]);
});
