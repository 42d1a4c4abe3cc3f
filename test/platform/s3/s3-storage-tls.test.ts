import { setDefaultCACertificates } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { s3Storage } from '../../../src/platform/s3/s3-storage.ts';
import { certificate, stopLater, type CertificateName } from '../node/http1/open-transport.ts';
import { startStorage, whole } from '../node/http1/socket-server.ts';

afterEach(() => setDefaultCACertificates([]));

/** A store over a bucket whose server has this certificate. */
async function openStore(name: CertificateName, host: string) {
  const storage = await startStorage((socket) => socket.write(whole('x')), certificate(name));
  stopLater(storage.stop);
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const endpoint = `https://${host}:${storage.port}`;
  const store = s3Storage({ bucket: 'bucket', access: { endpoint, pathStyle: true, credentials, attempts: 1 } });
  return { store, storage };
}

test.for<[certificate: CertificateName, host: string, isTrusted: boolean, code: string, says: string]>([
  ['localhost', 'localhost', false, 'DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'],
  ['localhost', '127.0.0.1', true, 'ERR_TLS_CERT_ALTNAME_INVALID', "IP: 127.0.0.1 is not in the cert's list"],
  ['other-host', 'localhost', true, 'ERR_TLS_CERT_ALTNAME_INVALID', "localhost. is not in the cert's altnames"],
  ['expired', 'localhost', true, 'CERT_HAS_EXPIRED', 'certificate has expired'],
])(
  'a storage with a refused certificate is unavailable, and the cause has the reason: %s for %s, trusted: %s',
  async ([name, host, isTrusted, code, says]) => {
    setDefaultCACertificates(isTrusted ? [certificate(name).cert] : []);
    const { store, storage } = await openStore(name, host);
    const cause = { code, message: expect.stringContaining(says) };
    await expect(store.head('key')).rejects.toMatchObject({ code: 'unavailable', cause });
    await expect(store.read('key')).rejects.toMatchObject({ code: 'unavailable', cause });
    expect(storage.heads).toEqual([]);
  },
);
