import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { dig, isRecord } from '../../infra/json.ts';
import { ROOT } from '../entries.ts';

const OWN = 'rangeway';

/**
 * Installs the packages of a folder without a registry: the packed package as it is, all others as links to those of the
 * checkout, which have to be of the versions that the folder's package.json names.
 */
export async function installPackages(folder: string, tarball: string): Promise<void> {
  const manifest = await readManifest(folder);
  const wanted = { ...texts(dig(manifest, 'dependencies')), ...texts(dig(manifest, 'devDependencies')) };
  const own = join(folder, 'node_modules', OWN);
  await mkdir(join(folder, 'node_modules/.bin'), { recursive: true });
  await mkdir(own);
  execFileSync('tar', ['-xzf', tarball, '--strip-components=1', '-C', own]);
  const packed = await readManifest(own);
  assertVersion(OWN, wanted[OWN], packed);
  await linkPrograms(folder, OWN, own, packed);
  for (const [name, version] of Object.entries({ ...wanted, ...texts(dig(packed, 'dependencies')) })) {
    if (name === OWN) continue;
    const target = join(ROOT, 'node_modules', name);
    const installed = await readManifest(target);
    assertVersion(name, version, installed);
    const path = join(folder, 'node_modules', name);
    await mkdir(join(path, '..'), { recursive: true });
    await symlink(target, path);
    await linkPrograms(folder, name, target, installed);
  }
}

async function readManifest(folder: string): Promise<unknown> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
}

function assertVersion(name: string, wanted: string | undefined, manifest: unknown): void {
  const version = dig(manifest, 'version');
  if (version !== wanted) throw new Error(`${name} is ${String(version)} here, and ${wanted} in the example`);
}

/** Puts the programs of a package into `node_modules/.bin`, as npm does. */
async function linkPrograms(folder: string, name: string, target: string, manifest: unknown): Promise<void> {
  const bin = dig(manifest, 'bin');
  const programs = typeof bin === 'string' ? { [name.replace(/.*\//, '')]: bin } : texts(bin);
  for (const [program, file] of Object.entries(programs)) {
    await chmod(join(target, file), 0o755);
    await symlink(join(target, file), join(folder, 'node_modules/.bin', program));
  }
}

function texts(value: unknown): Readonly<Record<string, string>> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([name, text]) => [name, String(text)]));
}
