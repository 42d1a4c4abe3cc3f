import { readFileSync } from 'node:fs';
import * as v from 'valibot';

/** Beside infra/ in a clone, two folders above the compiled module in the package. */
const CDK_JSON = new URL(import.meta.url.endsWith('.ts') ? '../cdk.json' : '../../cdk.json', import.meta.url);

/**
 * The CDK's feature flags: the context of cdk.json, for programs that the CDK's command line does not start there. With
 * other flags the same options would give another template.
 */
export const FEATURE_FLAGS = v.parse(
  v.object({ context: v.record(v.string(), v.unknown()) }),
  JSON.parse(readFileSync(CDK_JSON, 'utf8')),
).context;
