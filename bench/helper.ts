import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A helper process of the bench. It replies to one message at a time, and ends with the bench. */
export interface Helper {
  readonly pid: number;
  /** The first message of the process, which it sends when it is ready. */
  readonly greeting: unknown;
  /**
   * Sends a message and waits for the reply.
   *
   * @throws if the process ends before it replies
   */
  send(message: object): Promise<unknown>;
  stop(): void;
}

/** Starts a helper process and waits for its first message. */
export async function startHelper(script: string, args: readonly string[] = []): Promise<Helper> {
  // JSON would turn NaN into null.
  const child = fork(script, args, { serialization: 'advanced' });
  if (child.pid === undefined) throw new Error(`${script} can't be started`);
  const greeting = await nextMessage(child, script);
  return {
    pid: child.pid,
    greeting,
    send(message) {
      const reply = nextMessage(child, script);
      child.send(message);
      return reply;
    },
    stop: () => child.disconnect(),
  };
}

async function nextMessage(child: ChildProcess, script: string): Promise<unknown> {
  const listeners = new AbortController();
  const { signal } = listeners;
  try {
    const ended = once(child, 'exit', { signal }).then(() => Promise.reject(new Error(`${script} has ended`)));
    const [message]: unknown[] = await Promise.race([once(child, 'message', { signal }), ended]);
    return message;
  } finally {
    listeners.abort();
  }
}
