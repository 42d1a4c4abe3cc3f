import { Token } from 'aws-cdk-lib';
import * as v from 'valibot';
import { readEnvironment, type LambdaConfig } from '../src/platform/lambda/environment.ts';

/** A text of one form. */
export function text(pattern: RegExp, message: string) {
  return v.pipe(v.string(message), v.regex(pattern, message));
}

/** As {@link text}; the CDK's stand-in for a value that is known when it deploys is taken as it is. */
export function reference(pattern: RegExp, message: string) {
  return v.pipe(
    v.string(message),
    v.check((value) => Token.isUnresolved(value) || pattern.test(value), message),
  );
}

/** From the command line all values are strings, from cdk.json they are what they are. */
export function count(least: number, most: number, what: string) {
  const message = `takes a whole number from ${least} to ${most} (${what})`;
  const number = v.union([v.number(), v.pipe(v.string(), v.regex(/^\d{1,9}$/), v.transform(Number))], message);
  return v.pipe(number, v.integer(message), v.minValue(least, message), v.maxValue(most, message));
}

/** `true` or `false`, from the command line as text. */
export const booleanSetting = v.union(
  [
    v.boolean(),
    v.pipe(
      v.picklist(['true', 'false']),
      v.transform((value) => value === 'true'),
    ),
  ],
  'takes true or false',
);

/** Reads the environment as the function does at its start, so that mistakes are refused before the deployment. */
export function readAtStart<Input, Output>(read: (value: Input) => Output) {
  return v.rawTransform<Input, Output>(({ dataset, addIssue, NEVER }) => {
    try {
      return read(dataset.value);
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'SettingsError') throw error;
      addIssue({ message: error.message });
      return NEVER;
    }
  });
}

/** An option that is a variable of the function; an empty one is none, as in the function. */
export function variable<Field extends keyof LambdaConfig>(field: Field, name: `RANGEWAY_${string}`) {
  const read = (value: unknown): LambdaConfig[Field] | undefined => {
    if (value === '') return undefined;
    const written = typeof value === 'string' ? value : JSON.stringify(value);
    return readEnvironment({ RANGEWAY_BUCKET: 'any', [name]: written })[field];
  };
  return v.pipe(v.unknown(), readAtStart(read));
}
