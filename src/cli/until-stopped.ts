/** Ctrl-C, a service manager, and a terminal that is closed. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The time between two looks at the parent process, in ms. */
const PARENT_INTERVAL = 500;

/**
 * Waits until the process has to stop: for a signal, or, if npm has started it, until npm has ended. npm runs a command
 * in a shell, which ends at SIGTERM without passing it on: the command would go on as an orphan and hold its port.
 */
export async function untilStopped(): Promise<void> {
  await new Promise<void>((resolve) => {
    const watch = startedByNpm() ? watchParent(() => stop()) : undefined;
    const stop = () => {
      clearInterval(watch);
      for (const signal of SIGNALS) process.removeListener(signal, stop);
      resolve();
    };
    for (const signal of SIGNALS) process.once(signal, stop);
  });
}

function startedByNpm(): boolean {
  return process.env['npm_command'] !== undefined;
}

/** An orphan gets another parent. */
function watchParent(onGone: () => void): NodeJS.Timeout {
  const parent = process.ppid;
  return setInterval(() => {
    if (process.ppid !== parent) onGone();
  }, PARENT_INTERVAL).unref();
}
