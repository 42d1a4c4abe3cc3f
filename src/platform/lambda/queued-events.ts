import { indexEvent, type ObjectEvent } from '../../digests/index-event.ts';
import type { IndexedStorage } from '../../digests/index-objects.ts';
import { nodeHashing } from '../node/piece-hashing.ts';

/** The largest object that the function indexes, in bytes: 15 minutes at the 73 MiB/s that a function reads from S3. */
const MAX_SIZE = 64 * 1024 ** 3;

/** The time that is left when a build is given up, in ms. */
const MARGIN = 5_000;

/** An invocation by a queue, as far as it is used. */
export interface QueueInvocation {
  readonly Records: readonly { readonly messageId: string; readonly body: string }[];
}

/** The messages that have to be delivered again. The queue moves one to its dead-letter queue after some deliveries. */
export interface QueueResult {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** The handler of a queue. */
export type QueueHandler = (
  invocation: QueueInvocation,
  context: { getRemainingTimeInMillis(): number },
) => Promise<QueueResult>;

/**
 * Creates the handler of a queue of S3's events, as EventBridge sends them: it builds and removes piece indexes.
 *
 * @param maxSize the largest object that is indexed, in bytes
 */
export function queueHandler(storage: IndexedStorage, maxSize = MAX_SIZE): QueueHandler {
  return async ({ Records: messages }, context) => {
    const onBytes = () => {
      if (context.getRemainingTimeInMillis() < MARGIN) throw outOfTime();
    };
    const failures: { readonly itemIdentifier: string }[] = [];
    for (const { messageId, body } of messages) {
      try {
        const event = parseEvent(body);
        if (event !== undefined) await indexEvent(storage, event, { hashing: nodeHashing, maxSize, onBytes });
      } catch (error) {
        if (isOutOfTime(error)) {
          // Another try would take as long. The event is done, and its message tells what to do.
          console.error(`rangeway: ${keyOf(body)}: 15 minutes were not enough; rangeway index builds its piece index`);
          continue;
        }
        console.error(`rangeway: ${keyOf(body)}: no index`, error);
        failures.push({ itemIdentifier: messageId });
      }
    }
    return { batchItemFailures: failures };
  };
}

const TYPES: Readonly<Record<string, ObjectEvent['type']>> = {
  'Object Created': 'created',
  'Object Deleted': 'deleted',
};

/**
 * Reads an event of S3, as EventBridge sends it: its key is not encoded.
 *
 * @returns `undefined` for an event of another kind
 * @throws SyntaxError or TypeError for a message that is no event of S3
 */
function parseEvent(body: string): ObjectEvent | undefined {
  const event: unknown = JSON.parse(body);
  const object = memberOf(memberOf(event, 'detail'), 'object');
  const key = memberOf(object, 'key');
  if (memberOf(event, 'source') !== 'aws.s3' || typeof key !== 'string') throw new TypeError('no event of S3');
  const kind = memberOf(event, 'detail-type');
  const type = typeof kind === 'string' && Object.hasOwn(TYPES, kind) ? TYPES[kind] : undefined;
  const size = memberOf(object, 'size');
  return type === undefined ? undefined : { type, key, size: typeof size === 'number' ? size : undefined };
}

/** Names the object of a message in the log, or the message itself. */
function keyOf(body: string): string {
  return body.match(/"key":\s*("(?:[^"\\]|\\.)*")/)?.[1] ?? JSON.stringify(body.slice(0, 200));
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function outOfTime(): Error {
  return Object.assign(new Error('no time is left'), { name: 'OutOfTime' });
}

function isOutOfTime(error: unknown): boolean {
  return error instanceof Error && error.name === 'OutOfTime';
}
