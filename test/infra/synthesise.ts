import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { join } from 'node:path';
import { withBundle } from '../../infra/bundle.ts';
import { FEATURE_FLAGS } from '../../infra/feature-flags.ts';
import { parseOptions } from '../../infra/options.ts';
import { RangewayStack } from '../../infra/stack.ts';
import { makeFolder } from './folder.ts';
import { isRecord, type Json } from './json.ts';

/** A resource of a template. */
export interface Resource {
  readonly id: string;
  readonly type: string;
  readonly properties: Json;
  readonly all: Json;
}

/** The synthesised template for some options. */
export interface Synthesised {
  readonly template: Template;
  readonly resources: readonly Resource[];
  /** All resources of one type. */
  ofType(type: string): readonly Resource[];
  /** The only resource of a type. */
  one(type: string): Resource;
}

/**
 * Makes the stack as the app does, without network, Docker or an account, in a folder that is thrown away. Without
 * CloudFormation's checks too: they take seconds, and validation.test.ts makes them once for all variants.
 */
export function synthesise(options: Json): Synthesised {
  const app = new App({
    analyticsReporting: false,
    builtinCloudFormationValidation: false,
    context: FEATURE_FLAGS,
    outdir: makeFolder(),
  });
  const template = Template.fromStack(addStack(app, options));
  const resources = toResources(template.toJSON());
  const ofType = (type: string) => resources.filter((resource) => resource.type === type);
  return {
    template,
    resources,
    ofType,
    one: (type) => {
      const [first, ...rest] = ofType(type);
      if (first === undefined || rest.length > 0) throw new Error(`there is not one ${type} but ${rest.length}`);
      return first;
    },
  };
}

/** Adds the stack for some options, with a stand-in for the gateway. */
export function addStack(app: App, options: Json): RangewayStack {
  const { name } = parseOptions(options);
  const { name: _, ...gateway } = options;
  return withBundle(
    join(import.meta.dirname, 'handler.ts'),
    (code) => new RangewayStack(app, name, { gateway: { ...gateway, code } }),
  );
}

function toResources(template: Json): readonly Resource[] {
  const { Resources: resources } = template;
  if (!isRecord(resources)) throw new Error('a template without resources');
  return Object.entries(resources).map(([id, all]) => {
    if (!isRecord(all) || typeof all['Type'] !== 'string') throw new Error(`${id} has no type`);
    const { Type: type, Properties: properties = {} } = all;
    if (!isRecord(properties)) throw new Error(`${id} has no properties`);
    return { id, type, properties, all };
  });
}
