import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { reportSkipped } from '../full.ts';

/** Whether AWS's runtime client is installed. */
declare module 'vitest' {
  interface ProvidedContext {
    readonly hasLambdaRuntime: boolean;
  }
}

/** AWS's own runtime client, the program that calls the handler on Lambda. */
export const RUNTIME = join(import.meta.dirname, 'node_modules/aws-lambda-ric/index.mjs');

/** It is built from C++ when it is installed, so a plain `npm ci` does not bring it. */
export default function setup(project: TestProject): void {
  // The result of the build, which takes a minute and may have been interrupted.
  const isInstalled = existsSync(join(RUNTIME, '../rapid-client.node'));
  if (!isInstalled) {
    reportSkipped(
      "every test under AWS's runtime client",
      'because it is not installed: npm ci --prefix test/lambda, with the packages of test/lambda/packages.txt',
    );
  }
  project.provide('hasLambdaRuntime', isInstalled);
}
