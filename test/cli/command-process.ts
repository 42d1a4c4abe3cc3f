import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Answer, Asked } from './command-process-child.ts';

/** A process that runs command lines one after the other, for tables of those that end by themselves. */
export interface CommandProcess {
  /** Variables that are undefined are not set. */
  run(args: readonly string[], cwd: string, env: Readonly<Record<string, string | undefined>>): Promise<Answer>;
  /** Ends the process. It has to end by itself when its parent has nothing more to run: else a command left something open. */
  stop(): Promise<void>;
}

/** In ms: how long the process may take to end. */
const END_LIMIT = 20_000;

/** Makes the process. It starts with the first command. */
export function commandProcess(): CommandProcess {
  let child: ChildProcess | undefined;
  let last: Promise<unknown> = Promise.resolve();
  async function runNext(asked: Asked): Promise<Answer> {
    child ??= fork(join(import.meta.dirname, 'command-process-child.ts'));
    const running = child;
    return new Promise((resolve, reject) => {
      const ended = () => reject(new Error(`the process has ended in: rangeway ${asked.args.join(' ')}`));
      running.once('exit', ended);
      running.once('message', (answer: Answer) => {
        running.off('exit', ended);
        resolve(answer);
      });
      running.send(asked);
    });
  }
  return {
    run(args, cwd, env) {
      const set = Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
      const next = last.then(() => runNext({ args, cwd, env: Object.fromEntries(set) }));
      last = next.catch(() => undefined);
      return next;
    },
    async stop() {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const closed = once(child, 'exit');
      const timer = setTimeout(() => child?.kill('SIGKILL'), END_LIMIT);
      child.disconnect();
      const [, signal] = await closed;
      clearTimeout(timer);
      if (signal !== null) throw new Error('a command has left something open: the process does not end');
    },
  };
}
