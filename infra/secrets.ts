import { ArnFormat, Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { Config } from '../src/config/config.ts';
import { secretsOfRule } from '../src/config/secret-names.ts';
import { SECRET_NAME, type SecretSource, type SecretSources } from '../src/platform/lambda/secret-sources.ts';
import { placeOf } from './front.ts';

/**
 * Compares the secrets that settings name with those that have a place.
 *
 * @returns a sentence for each that lacks the other. None shows a name in another form: it may be the secret itself.
 */
export function findSecretClashes(config: Config, sources: SecretSources): readonly string[] {
  const used = secretsOf(config);
  const unplaced = used
    .filter(({ name }) => !sources.has(name))
    .map(({ name, where }) =>
      SECRET_NAME.test(name)
        ? `secrets: the settings name ${name} (${where}), and no place is given for it; ` +
          `use ${name}=secretsmanager:NAME or ${name}=ssm:NAME`
        : `settings: ${where} names a secret in another form than A to Z, 0 to 9 and "_", a letter first`,
    );
  const unused = [...sources.keys()]
    .filter((name) => used.every((one) => one.name !== name))
    .map((name) => `secrets: the settings do not name ${name}; leave it out`);
  return [...new Set([...unplaced, ...unused])];
}

interface UsedSecret {
  readonly name: string;
  /** The path of the setting. */
  readonly where: string;
}

function secretsOf({ purge, log, mounts }: Config): readonly UsedSecret[] {
  return [
    ...(purge === undefined ? [] : [{ name: purge.token, where: 'purge.token' }]),
    ...(log.secret === undefined ? [] : [{ name: log.secret, where: 'log.secret' }]),
    ...mounts.flatMap(({ access }, i) =>
      secretsOfRule(access).map((name) => ({ name, where: `${placeOf(mounts, i)}access` })),
    ),
  ];
}

const ACTIONS: Readonly<Record<SecretSource['service'], string>> = {
  secretsmanager: 'secretsmanager:GetSecretValue',
  ssm: 'ssm:GetParameter',
};

/** The encryption context that each service gives to KMS: the ARN of the secret or parameter. */
const CONTEXTS: Readonly<Record<SecretSource['service'], string>> = {
  secretsmanager: 'kms:EncryptionContext:SecretARN',
  ssm: 'kms:EncryptionContext:PARAMETER_ARN',
};

/**
 * Lets a role read exactly these secrets.
 *
 * @param kmsKeys ARNs of keys of the customer's own. Those that AWS manages let every role of the account decrypt by
 *   way of their service; for others the role is let decrypt these secrets and nothing else.
 */
export function toSecretStatements(
  scope: Construct,
  sources: SecretSources,
  kmsKeys: readonly string[],
): PolicyStatement[] {
  return (['secretsmanager', 'ssm'] as const).flatMap((service) => {
    const resources = [...sources.values()]
      .filter((source) => source.service === service)
      .map((source) => toArn(scope, source));
    if (resources.length === 0) return [];
    const read = new PolicyStatement({ effect: Effect.ALLOW, actions: [ACTIONS[service]], resources });
    if (kmsKeys.length === 0) return [read];
    const decrypt = new PolicyStatement({
      effect: Effect.ALLOW,
      actions: ['kms:Decrypt'],
      resources: [...kmsKeys],
      conditions: { StringLike: { [CONTEXTS[service]]: resources } },
    });
    return [read, decrypt];
  });
}

function toArn(scope: Construct, { service, id }: SecretSource): string {
  const stack = Stack.of(scope);
  switch (service) {
    case 'secretsmanager':
      // Secrets Manager adds a hyphen and six characters that are not known before; `??????` is those six alone.
      return stack.formatArn({
        service,
        resource: 'secret',
        resourceName: `${id}-??????`,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      });
    case 'ssm':
      return stack.formatArn({ service, resource: 'parameter', resourceName: id.replace(/^\//, '') });
  }
}
