import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { MAKER } from '../../infra/signing-keys.ts';
import { parseCdnKey } from '../../src/platform/lambda/cdn-links.ts';
import { serveSecrets } from '../platform/lambda/secret-service.ts';
import { dig, isRecord, type Json } from './json.ts';

const require = createRequire(import.meta.url);

/** A double of the client in the runtime's SDK, with one secret. Real requests of the SDK are not part of this code. */
function secretsManager(value: string) {
  const secret = { value, puts: 0 };
  class GetSecretValueCommand {
    readonly type = 'get';
  }
  class PutSecretValueCommand {
    readonly type = 'put';
    readonly text: string;
    constructor(input: Json) {
      this.text = String(input['SecretString']);
    }
  }
  class SecretsManagerClient {
    async send(command: GetSecretValueCommand | PutSecretValueCommand) {
      if (secret.value === 'denied') throw Object.assign(new Error('not for you'), { name: 'AccessDeniedException' });
      if (command.type === 'get') return { SecretString: secret.value };
      secret.puts++;
      secret.value = command.text;
      return {};
    }
  }
  return { secret, sdk: { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } };
}

/** Runs the function as Lambda does, and returns what CloudFormation was told over HTTP. */
async function run(sdk: object, type: string, physicalId?: string): Promise<{ told: Json; method: string }> {
  const bodies: { told: Json; method: string }[] = [];
  await using service = await serveSecrets(
    () => ({ status: 400, body: '' }),
    (req, res) => {
      let text = '';
      req.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      req.on('end', () => {
        const told: unknown = JSON.parse(text);
        if (isRecord(told)) bodies.push({ told, method: `${req.method} ${req.headers['content-type'] ?? 'no type'}` });
        res.end();
      });
    },
  );
  const module: { exports: { handler?: (event: Json) => Promise<void> } } = { exports: {} };
  const load = (name: string): unknown => (name.startsWith('@aws-sdk/') ? sdk : require(name));
  // oxlint-disable-next-line no-implied-eval -- the code is text, as Lambda gets it
  new Function('require', 'module', 'exports', MAKER)(load, module, module.exports);
  await module.exports.handler?.({
    RequestType: type,
    ResponseURL: `${service.url}/response?signature=1`,
    ResourceProperties: { SecretArn: 'arn:of:the:secret' },
    StackId: 'stack',
    RequestId: 'request',
    LogicalResourceId: 'Pair',
    ...(physicalId === undefined ? {} : { PhysicalResourceId: physicalId }),
  });
  return bodies[0] ?? expect.fail('CloudFormation was told nothing');
}

describe('the function that makes the key pair', () => {
  test('puts a private key into the secret, and tells the public one', async () => {
    const { secret, sdk } = secretsManager('a random password');
    const { told, method } = await run(sdk, 'Create');
    // A presigned address of CloudFormation is signed without a content type.
    expect(method).toBe('PUT no type');
    expect(told).toMatchObject({
      Status: 'SUCCESS',
      PhysicalResourceId: 'arn:of:the:secret',
      StackId: 'stack',
      RequestId: 'request',
      LogicalResourceId: 'Pair',
    });
    const { privateKey } = parseCdnKey('RANGEWAY_CDN_KEY', 'K1', secret.value);
    const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' });
    expect(dig(told, 'Data')).toEqual({ PublicKey: publicKey });
    expect(JSON.stringify(told)).not.toContain('PRIVATE');
  });

  test('keeps a key that is there: an update and a repeated creation change nothing', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const { secret, sdk } = secretsManager(String(privateKey.export({ type: 'pkcs8', format: 'pem' })));
    const [created, updated] = [await run(sdk, 'Create'), await run(sdk, 'Update', 'earlier')];
    expect(secret.puts).toBe(0);
    expect(updated.told['Data']).toEqual(created.told['Data']);
    expect(updated.told['PhysicalResourceId']).toBe('earlier');
  });

  test('deletes nothing: the secret is a resource of the stack', async () => {
    const { secret, sdk } = secretsManager('denied');
    expect((await run(sdk, 'Delete', 'earlier')).told).toMatchObject({ Status: 'SUCCESS' });
    expect(secret.puts).toBe(0);
  });

  test('tells a failure by its name alone', async () => {
    const { told } = await run(secretsManager('denied').sdk, 'Create');
    expect(told).toMatchObject({
      Status: 'FAILED',
      Reason: 'The key pair for CloudFront was not made: AccessDeniedException',
    });
  });
});
