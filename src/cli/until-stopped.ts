import { readFileSync } from 'node:fs';

/** Ctrl-C, a service manager, and a terminal that is closed. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Shells pass the path of the program that they start in the variable `_`. Node itself restores the default action of
 * SIGHUP at its start, so it can't be seen that `nohup` ignores it.
 */
const DETACHED = /(?:^|\/)(?:nohup|setsid)$/;

/** The time between two looks at the parent process, in ms. */
const INTERVAL = 500;

/**
 * Waits until the process has to stop: for a signal, or until the process that started it has ended. Otherwise a command
 * would go on as an orphan, and hold its port: npm, for example, runs a command in a shell, which ends at SIGTERM
 * without passing it on.
 *
 * A command that is started by `nohup` or `setsid` is meant to outlive its shell: neither SIGHUP nor the end of the
 * parent stops it.
 */
export async function untilStopped(): Promise<void> {
  await new Promise<void>((resolve) => {
    const signals = SIGNALS.filter((signal) => signal !== 'SIGHUP' || !isDetached);
    const watch = isDetached ? undefined : watchParents(() => stop());
    const stop = () => {
      clearInterval(watch);
      for (const signal of signals) process.removeListener(signal, stop);
      resolve();
    };
    for (const signal of signals) process.once(signal, stop);
  });
}

/** Calls back when a parent has ended. */
function watchParents(onGone: () => void): NodeJS.Timeout {
  return setInterval(() => {
    if (readParents().some((id, i) => id !== parents[i])) onGone();
  }, INTERVAL).unref();
}

/** The parent, and under npm, whose shell may outlive it, the parent's parent. */
function readParents(): readonly number[] {
  return process.env['npm_command'] === undefined ? [process.ppid] : [process.ppid, parentOf(process.ppid)];
}

/** Only on Linux; elsewhere 0. An orphan gets another parent. */
function parentOf(id: number): number {
  return Number(/^PPid:\s*(\d+)$/m.exec(readStatus(id))?.[1] ?? 0);
}

function readStatus(id: number): string {
  try {
    return readFileSync(`/proc/${id}/status`, 'utf8');
  } catch {
    return '';
  }
}

// As soon as the program is loaded: a parent may end, and a signal may arrive, while a command starts.
const parents = readParents();
const isDetached = DETACHED.test(process.env['_'] ?? '');
if (isDetached) process.on('SIGHUP', () => undefined);
