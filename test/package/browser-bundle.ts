import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const LIMIT = 15 * 1024;

/**
 * Bundles `rangeway/client` of an installed package for browsers.
 *
 * @param folder of a project in which the package is installed
 * @throws Error if the bundle is too long, or has a module of Node or of another package
 */
export async function checkBrowserBundle(folder: string): Promise<void> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: "export * from 'rangeway/client';", resolveDir: folder },
    absWorkingDir: folder,
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    outdir: join(folder, 'out'),
    logLevel: 'silent',
  });
  const foreign = Object.keys(metafile.inputs).filter(
    (path) => path !== '<stdin>' && !/^node_modules\/rangeway\/dist\/(?:client|http|digests)\//.test(path),
  );
  if (foreign.length > 0) throw new Error(`rangeway/client imports ${foreign.join(', ')}`);
  const length = outputFiles.reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0);
  if (length === 0 || length > LIMIT) throw new Error(`rangeway/client is ${length} bytes of gzip, and not ${LIMIT}`);
}
