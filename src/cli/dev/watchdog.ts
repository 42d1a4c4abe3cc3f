import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Ends child processes if this process is killed. */
export interface Watchdog {
  /** Ends the watchdog itself. */
  stop(): void;
}

/**
 * Ends the child processes of this name if this process ends without ending them, as after `kill -9`: workerd would go on
 * as an orphan, and hold its port. A shell waits at the other end of a pipe, which the system closes with this process.
 * Without a POSIX shell (Windows) nothing is watched.
 *
 * @param name of the program, such as `workerd`
 */
export function watchOver(name: string): Watchdog {
  const children = process.platform === 'win32' ? [] : childrenOf(process.pid, name);
  if (children.length === 0) return { stop: () => undefined };
  const shell = spawn('/bin/sh', ['-c', 'read -r _ || kill -9 "$@"', 'rangeway-watchdog', ...children], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // In a process group of its own, so that Ctrl-C does not reach it.
    detached: true,
  });
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  shell.unref();
  return { stop: () => void shell.stdin.end('stop\n') };
}

/** @returns the ids of the child processes of this name; empty if the system does not tell */
function childrenOf(parent: number, name: string): readonly string[] {
  try {
    return process.platform === 'linux' ? fromProc(parent, name) : fromPs(parent, name);
  } catch {
    return [];
  }
}

/** Not by `ps`, which small images of Linux lack. */
function fromProc(parent: number, name: string): readonly string[] {
  const ids = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ');
  return ids.filter((id) => readFileSync(`/proc/${id}/comm`, 'utf8').trim() === name);
}

function fromPs(parent: number, name: string): readonly string[] {
  const columns = ['pid=', 'ppid=', 'comm='].flatMap((column) => ['-o', column]);
  return execFileSync('ps', ['-A', ...columns], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, ppid, comm]) => Number(ppid) === parent && comm?.split('/').at(-1) === name)
    .map(([id = '']) => id);
}
