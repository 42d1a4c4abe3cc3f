import { join } from 'node:path';
import { build } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');

/** A Worker of a user of the library: the download handler over R2, and no other part of it. */
const SOURCE = `
import { env } from 'cloudflare:workers';
import { Hono } from 'hono/tiny';
import { authorize, download, mount, r2Store, requestId } from 'rangeway';

const app = new Hono();
app.use(requestId(), mount({ store: r2Store(env.BUCKET) }));
app.get('*', authorize(), download());
export default app;
`;

/**
 * Bundles the Worker from the built package, as wrangler bundles one: unused exports are left out.
 *
 * @param outfile the only module
 */
export async function bundleLibraryWorker(outfile: string): Promise<void> {
  await build({
    stdin: { contents: SOURCE, resolveDir: ROOT },
    outfile,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*', 'node:*'],
    alias: { rangeway: join(ROOT, 'dist/index.js') },
    logLevel: 'warning',
  });
}
