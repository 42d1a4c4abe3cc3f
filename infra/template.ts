import { App } from 'aws-cdk-lib';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FEATURE_FLAGS } from './feature-flags.ts';
import { RangewayStack } from './stack.ts';

/** The name of the stack. No name in the template is made from it. */
const NAME = 'Rangeway';

/**
 * Synthesises the stack of the default options for use without the CDK: it needs no bootstrapped account, and its
 * function's code is a folder on this machine, as `aws cloudformation package` and SAM take it.
 *
 * @param code a folder with the bundled handler
 * @param path of that folder, relative to the place of the template
 * @returns the template as JSON, the same for the same sources
 */
export function printTemplate(code: string, path: string): string {
  const outdir = mkdtempSync(join(tmpdir(), 'rangeway-template-'));
  try {
    const app = new App({
      analyticsReporting: false,
      autoSynth: false,
      // It warns of the folder; the same stack with an asset is validated in tests.
      builtinCloudFormationValidation: false,
      context: FEATURE_FLAGS,
      outdir,
    });
    const stack = new RangewayStack(app, NAME, {
      description: 'Rangeway, a download gateway over a bucket',
      gateway: { code },
    });
    for (const construct of stack.node.findAll()) {
      if (construct instanceof CfnFunction) construct.addPropertyOverride('Code', path);
    }
    const synthesised: { readonly template: Readonly<Record<string, unknown>> } = app.synth().getStackByName(NAME);
    // They ask for the CDK's bootstrap stack, and there are no others.
    const { Parameters: _parameters, Rules: _rules, ...template } = synthesised.template;
    return `${JSON.stringify(template, null, 2)}\n`;
  } finally {
    rmSync(outdir, { recursive: true });
  }
}
