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
  const isDetached = DETACHED.test(process.env['_'] ?? '');
  await new Promise<void>((resolve) => {
    if (isDetached) process.on('SIGHUP', () => undefined);
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

/** Calls back when the parent has ended; under npm, whose shell may outlive it, the parent's parent too. */
function watchParents(onGone: () => void): NodeJS.Timeout {
  const read = () => [process.ppid, ...(process.env['npm_command'] === undefined ? [] : [parentOf(process.ppid)])];
  const parents = read();
  return setInterval(() => {
    if (read().some((id, i) => id !== parents[i])) onGone();
  }, INTERVAL).unref();
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
