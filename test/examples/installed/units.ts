import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reportSkipped } from '../../full.ts';

/** Whether systemd-analyze is there. It needs no running systemd. */
export const hasSystemd = spawnSync('systemd-analyze', ['--version']).error === undefined;
if (!hasSystemd) reportSkipped('units of examples', 'systemd-analyze is missing; test/examples/packages.txt');

/**
 * Checks a unit as systemd reads it. Programs of the server that it is written for need not be here.
 *
 * @param needs other units that it names, and that this machine may lack
 * @returns the complaints of systemd-analyze
 */
export function verifyUnit(file: string, needs: readonly string[] = []): string {
  const folder = mkdtempSync(join(tmpdir(), 'rangeway-unit-'));
  try {
    const unit = join(folder, 'checked.service');
    writeFileSync(unit, readFileSync(file, 'utf8').replaceAll(/=\/usr\/bin\/(?:node|docker) /g, '=/bin/true '));
    for (const name of needs) writeFileSync(join(folder, name), '[Service]\nExecStart=/bin/true\n');
    const { stderr, stdout, status } = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' });
    return status === 0 ? stderr + stdout : `${stderr}${stdout}exit code ${status}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Returns a command of a unit, such as `ExecStart`. */
export function commandOf(file: string, name: string): string {
  const [, command] = new RegExp(`^${name}=(.*)$`, 'm').exec(readFileSync(file, 'utf8')) ?? [];
  if (command === undefined) throw new Error(`${file} has no ${name}`);
  return command;
}

/** Whether a program can be started. */
export function isInstalled(program: string): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v "$0" || command -v "/usr/sbin/$0"', program], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
