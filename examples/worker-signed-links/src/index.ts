import { env } from 'cloudflare:workers';
import { Hono } from 'hono';
import { basicAuth } from 'hono/basic-auth';
import { createGateway, parseLinkKeys, r2Store, signedAccess, signLink, trackTransfers } from 'rangeway';
import { durableObjectTransferStore, nativeBodyPipe, TransferShard } from 'rangeway/workers';

declare global {
  namespace Cloudflare {
    interface Env {
      readonly BUCKET: R2Bucket;
      readonly TRANSFERS: DurableObjectNamespace<TransferShard>;
      readonly RANGEWAY_KEYS: string;
      readonly PASSWORD: string;
    }
  }
}

export { TransferShard };

const keys = parseLinkKeys(env.RANGEWAY_KEYS);
const shard = (index: number) => env.TRANSFERS.getByName(`transfers-${index}`);

const files = createGateway({
  store: r2Store(env.BUCKET),
  bodyPipe: nativeBodyPipe,
  access: signedAccess(keys),
  transfers: trackTransfers({ store: durableObjectTransferStore({ shard }), identity: 'none' }),
});

/** Stands for the login of your app: a session, a token, a payment. */
const login = basicAuth({ username: 'alice', password: env.PASSWORD });

export default new Hono()
  .post('/links/*', login, async (c) => {
    const address = new URL(c.req.path.replace('/links/', '/files/'), c.req.url);
    const expires = Math.floor(Date.now() / 1000) + 7 * 24 * 60 * 60;
    return c.json({ link: await signLink(address, { expires, maxDownloads: 3 }, keys[0]) }, 201);
  })
  .route('/files', files);
