import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A process of the bench's own that answers messages, one at a time, and ends with the bench. */
export interface Helper {
  readonly pid: number;
  /** What it said when it was ready. */
  readonly greeting: unknown;
  /** @throws where it ends without an answer */
  ask(message: object): Promise<unknown>;
  stop(): void;
}

/** Starts a helper and waits for its first message. */
export async function startHelper(script: string, args: readonly string[] = []): Promise<Helper> {
  // Not as JSON, which makes null of a figure that there is not.
  const child = fork(script, args, { serialization: 'advanced' });
  if (child.pid === undefined) throw new Error(`${script} can't be started`);
  const greeting = await nextMessage(child, script);
  return {
    pid: child.pid,
    greeting,
    ask(message) {
      const answer = nextMessage(child, script);
      child.send(message);
      return answer;
    },
    stop: () => child.disconnect(),
  };
}

async function nextMessage(child: ChildProcess, script: string): Promise<unknown> {
  const over = new AbortController();
  const { signal } = over;
  try {
    const ended = once(child, 'exit', { signal }).then(() => Promise.reject(new Error(`${script} has ended`)));
    const [message]: unknown[] = await Promise.race([once(child, 'message', { signal }), ended]);
    return message;
  } finally {
    over.abort();
  }
}
