import { setTimeout as sleep } from 'node:timers/promises';
import { steadyTime } from '../../base/clock.ts';
import { semaphore } from '../../base/semaphore.ts';
import { describeError } from '../../observe/log.ts';
import { formatBytes, formatSeconds, plural, progressLine } from '../progress.ts';
import { say } from '../say.ts';
import { ask, type WarmRequest } from './ask.ts';
import { bucketKeys, fileKeys, folderKeys, type KeySource } from './keys.ts';
import { rateLimit } from './rate-limit.ts';
import { warmObject } from './warm-object.ts';
import { parseWarmOptions, type KeyOrigin, type WarmOptions } from './warm-options.ts';

/** The exit code if an object was not read; 2 is for a mistake of the caller. */
const EXIT_FAILED = 1;

/** After so many requests without a response, one after another, no more are sent. */
const MAX_UNREACHABLE = 20;

/** The failures that are listed; further ones are counted. */
const MAX_LISTED = 1_000;

/** An object that was not read. */
interface Failure {
  readonly key: string;
  readonly reason: string;
}

/**
 * Runs `rangeway warm`: asks a gateway for objects at a bounded rate, so that the caches on the way have them.
 *
 * @throws UsageError for an option that is wrong, or a list of keys that can't be read
 */
export async function warm(args: readonly string[]): Promise<void> {
  const options = parseWarmOptions(args);
  const { failures, failed } = await warmAll(options, await openKeys(options.origin));
  for (const { key, reason } of failures) say(`${key}: ${reason}`);
  if (failed > failures.length) say(`and ${failed - failures.length} more`);
  if (failed > 0) process.exitCode = EXIT_FAILED;
}

function openKeys(origin: KeyOrigin): Promise<KeySource> {
  switch (origin.type) {
    case 'file':
      return fileKeys(origin.file);
    case 'folder':
      return folderKeys(origin.folder, origin.prefix);
    case 'bucket':
      return bucketKeys(origin.source, origin.prefix);
  }
}

async function warmAll(options: WarmOptions, { keys, total }: KeySource) {
  const { base, read, rate, concurrency, fields } = options;
  const failures: Failure[] = [];
  let objects = 0;
  let failed = 0;
  let requests = 0;
  let bytes = 0;
  let unreachable = 0;
  const start = steadyTime();
  const line = progressLine(process.stderr, (seconds) => {
    const share = total === undefined ? undefined : objects / Math.max(1, total);
    const amount = total === undefined ? plural(objects, 'object') : `${objects} of ${plural(total, 'object')}`;
    const left = share === undefined || share === 0 ? '' : `, ${formatSeconds(seconds / share - seconds)} left`;
    const speed = `${(requests / seconds).toFixed(1)} requests/s`;
    return { text: `warming: ${amount}, ${failed} failed, ${formatBytes(bytes)}, ${speed}${left}`, share };
  });
  const fail = (key: string, reason: string) => {
    failed++;
    if (failures.length < MAX_LISTED) failures.push({ key, reason });
  };
  const askOptions = {
    fields,
    rate: rateLimit(rate, { now: steadyTime, sleep: (time) => sleep(time) }),
    inFlight: semaphore(concurrency),
    sleep: (time: number) => sleep(time),
    isStopped: () => unreachable >= MAX_UNREACHABLE,
    onUnreachable: () => void unreachable++,
    onResponse() {
      unreachable = 0;
      requests++;
    },
    onBytes(count: number) {
      bytes += count;
      line.update();
    },
  };
  const iterator = keys[Symbol.asyncIterator]();
  const work = async () => {
    for (;;) {
      const { value: key, done } = await iterator.next();
      if (done === true || askOptions.isStopped()) return;
      const reason = await warmObject(base, key, read, (request: WarmRequest) => ask(request, askOptions), concurrency);
      objects++;
      if (reason !== undefined) fail(key, reason);
      line.update();
    }
  };
  try {
    await Promise.all(Array.from({ length: concurrency }, work));
    if (askOptions.isStopped())
      fail(base, `stopped after ${MAX_UNREACHABLE} requests without a response; further keys were not asked for`);
  } catch (error) {
    // Of the list: requests never reject.
    fail('the list of keys', describeError(error));
  }
  line.end();
  const seconds = formatSeconds((steadyTime() - start) / 1000);
  say(
    `${plural(objects, 'object')} asked for, ${failed} failed; ${plural(requests, 'request')}, ${formatBytes(bytes)} in ${seconds}`,
  );
  return { failures, failed };
}
