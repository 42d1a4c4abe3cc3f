/**
 * Writes schema.json, the JSON Schema of a configuration, from the schema in code. `--check` only compares, and fails if
 * they differ.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toJsonSchema, type JsonSchema } from '@valibot/to-json-schema';
import type { GenericSchema } from 'valibot';
import { accessSchema } from '../src/config/access-config.ts';
import { ConfigSchema } from '../src/config/config.ts';
import { docOf } from './reference/setting-docs.ts';

const FILE = join(import.meta.dirname, '../schema.json');

/** The branches of a schema that depends on its input: a table, or a single value. */
interface Branches {
  readonly getter: (input: unknown) => GenericSchema;
}

function hasBranches(schema: object): schema is Branches {
  return 'type' in schema && schema.type === 'lazy' && 'getter' in schema && typeof schema.getter === 'function';
}

function convert(schema: GenericSchema): JsonSchema {
  return toJsonSchema(schema, {
    typeMode: 'input',
    // Checks that JSON Schema can't express, such as that of an address.
    errorMode: 'ignore',
    overrideSchema: ({ valibotSchema, jsonSchema }) => {
      if ('entries' in valibotSchema) return describe(jsonSchema, valibotSchema.entries);
      if (valibotSchema === accessSchema) return { $ref: '#/$defs/access' };
      if (valibotSchema.type === 'custom') return HEADERS;
      return hasBranches(valibotSchema) ? branchesOf(valibotSchema) : undefined;
    },
  });
}

/** Adds the docstrings of its fields to a table, which editors show. */
function describe(schema: JsonSchema, entries: unknown): JsonSchema {
  if (typeof entries !== 'object' || entries === null) throw new Error('a table has no fields');
  const properties = Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const doc = name === 'type' ? docOf(entries, name) : docOf(entries, name);
    if (doc === undefined || typeof property === 'boolean') return [name, property];
    const { text, tags } = doc;
    const byDefault = tags.get('default');
    return [name, { ...property, description: byDefault === undefined ? text : `${text} Default: ${byDefault}.` }];
  });
  return { ...schema, properties: Object.fromEntries(properties) };
}

/** The setting `headers`, whose check is a function. */
const HEADERS: JsonSchema = { type: 'object', additionalProperties: { type: 'string' }, maxProperties: 16 };

function branchesOf({ getter }: Branches): JsonSchema {
  const [scalar, table] = [getter(true), getter({})];
  return scalar === table ? withoutDialect(scalar) : { anyOf: [withoutDialect(scalar), withoutDialect(table)] };
}

function withoutDialect(schema: GenericSchema): JsonSchema {
  const { $schema: _, ...rest } = convert(schema);
  return rest;
}

if (!hasBranches(accessSchema)) throw new Error('the access rule is no longer a schema that depends on its input');
const schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  ...convert(ConfigSchema),
  title: 'Configuration of Rangeway',
  $defs: { access: branchesOf(accessSchema) },
};
const text = `${JSON.stringify(schema, undefined, 2)}\n`;
if (!process.argv.includes('--check')) writeFileSync(FILE, text);
else if (readFileSync(FILE, 'utf8') !== text) {
  throw new Error('schema.json is not what the schema in code gives: npm run schema writes it');
}
