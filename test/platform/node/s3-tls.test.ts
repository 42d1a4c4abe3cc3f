import { setDefaultCACertificates } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import type { LogEntry } from '../../../src/gateway/log.ts';
import { createGateway } from '../../../src/platform/node.ts';
import { s3Client, s3Store, s3Transport } from '../../../src/platform/s3-node-library.ts';
import { certificate, stopLater, type Certified } from './http1/opened.ts';
import { startStorage, whole } from './http1/storage.ts';

afterEach(() => setDefaultCACertificates([]));

/** A store over a bucket whose server has this certificate. */
async function openStore(name: Certified, host: string) {
  const storage = await startStorage((socket) => socket.write(whole('x')), certificate(name));
  stopLater(storage.stop);
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const endpoint = `https://${host}:${storage.port}`;
  const client = s3Client({ endpoint, pathStyle: true, credentials });
  return s3Store(client, { bucket: 'bucket', transport: s3Transport() });
}

test.for<[certificate: Certified, host: string, isTrusted: boolean, code: string, says: string]>([
  ['localhost', 'localhost', false, 'DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'],
  ['other-host', 'localhost', true, 'ERR_TLS_CERT_ALTNAME_INVALID', "not in the cert's altnames"],
  ['expired', 'localhost', true, 'CERT_HAS_EXPIRED', 'certificate has expired'],
])(
  'a storage whose certificate is refused is unavailable, and the log says why: %s',
  async ([name, host, isTrusted, code, says]) => {
    setDefaultCACertificates(isTrusted ? [certificate(name).cert] : []);
    const store = await openStore(name, host);
    await expect(store.head('key')).rejects.toMatchObject({ code: 'unavailable', cause: { code } });
    const log: LogEntry[] = [];
    const gateway = createGateway({ store, log: (entry) => log.push(entry) });
    const response = await gateway.request('/key');
    expect(response.status).toBeGreaterThanOrEqual(500);
    const text = await response.text();
    expect(text).not.toContain('certificate');
    expect(JSON.stringify(log)).toContain(says);
  },
);
