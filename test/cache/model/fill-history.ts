import type { FillReader } from '../../../src/cache/fill.ts';
import { isStoreError } from '../../../src/store/store-error.ts';
import type { Random } from '../../fuzz/random.ts';
import { isEqual, startFillStage, type FillStage } from './fill-stage.ts';
import { makeTurns, microtask, type Turns } from './turns.ts';

/** State that all clients of a fill share. */
interface Crowd {
  readonly turns: Turns;
  readonly stage: FillStage;
  /** Clients that are attached to the fill. */
  seated: number;
  /** The end of the bytes read by clients when the last of them detached. */
  leftAt: number;
  /** The furthest position that a client has requested, and the end of the bytes that any has read. */
  asked: number;
  seen: number;
  /** The chunks that clients have read, and their positions: they must never change. */
  readonly given: { readonly at: number; readonly bytes: Uint8Array }[];
}

/** The outcome of one history. */
export interface FillOutcome {
  readonly given: number;
  readonly missed: number;
  readonly broken: number;
  readonly left: number;
}

type Counts = { -readonly [Name in keyof FillOutcome]: number };

/** Plays one history of a fill: clients attach, pause, lag, skip ahead and detach, over a storage that may fail. */
export async function playFill(random: Random): Promise<FillOutcome> {
  const turns = makeTurns(random);
  const stage = startFillStage(turns);
  if (stage === undefined) return { given: 0, missed: 0, broken: 0, left: 0 };
  const { body, span, blockSize } = stage;
  const crowd: Crowd = { turns, stage, seated: 0, leftAt: span.start, asked: span.start, seen: span.start, given: [] };
  const counts: Counts = { given: 0, missed: 0, broken: 0, left: 0 };
  // Without clients it finishes the current block, and reads no more.
  body.onRead = (given) => {
    if (crowd.seated > 0) return;
    const at = span.start + given;
    const end = Math.min((Math.floor(crowd.asked / blockSize) + 1) * blockSize, span.end);
    if (at >= end && at < span.end) body.misuse.push(`it reads on at ${at} without clients, beyond ${end}`);
  };
  // The first client is attached at once, because it has started the fill.
  const clients = Array.from({ length: 1 + random.below(4) }, (_, index) => live(crowd, counts, index > 0));
  const all = Promise.all(clients);
  all.catch(() => undefined);
  let isDone = false;
  void all.catch(() => undefined).then(() => (isDone = true));
  await turns.play(() => isDone);
  body.release();
  let isSettled = false;
  const works = Promise.all(stage.deferred).finally(() => (isSettled = true));
  works.catch(() => undefined);
  await turns.play(() => isSettled);
  await all;
  await works;
  // Without clients, the current block was finished if a quarter of it had been read and the storage has not failed.
  const blockEnd = Math.ceil(crowd.leftAt / blockSize) * blockSize;
  const isMuch = (crowd.leftAt - (blockEnd - blockSize)) * 4 >= blockSize;
  const isRead = stage.ending === 'whole' && crowd.leftAt > span.start && isMuch;
  stage.verify(isRead ? Math.max(crowd.seen, Math.min(blockEnd, span.end)) : crowd.seen);
  for (const { at, bytes } of crowd.given)
    if (!isEqual(bytes, stage.object.subarray(at, at + bytes.length))) throw new Error(`bytes at ${at} were changed`);
  return counts;
}

/** One client: attaches now or later, reads at its own pace, and detaches at the end or before. */
async function live(crowd: Crowd, counts: Counts, mayBeLate: boolean): Promise<void> {
  const { turns, stage } = crowd;
  const { random, wait } = turns;
  const { fill, span } = stage;
  if (mayBeLate) await wait(random.below(20));
  let at = random.oneIn(2) ? span.start : span.start + random.below(span.end - span.start);
  const wasOver = fill.isOver();
  const isReached = fill.reaches(at, Number.POSITIVE_INFINITY);
  if (isReached && wasOver) throw new Error('it reaches what it no longer reads');
  if (!isReached && random.oneIn(2)) return;
  const fillReader = fill.join();
  crowd.seated++;
  const end = at + 1 + random.below(span.end - at);
  const pace = random.pick([0, 0, 1, 5]);
  const isImpatient = stage.ending === 'hangs' || random.oneIn(4);
  let isFirst = true;
  let isFollowing = false;
  let isLeft = false;
  try {
    while (at < end) {
      const isOpen = () => !wasOver && !isLeft;
      const read = readChecked(crowd, fillReader, at, { isFirst: isReached && isFirst, isFollowing, isOpen });
      isFirst = false;
      const found = await (isImpatient
        ? Promise.race([read, wait(1 + random.below(30)).then(() => 'left' as const)])
        : read);
      if (found === 'left') return void counts.left++;
      if (found === 'broken') return void counts.broken++;
      isFollowing = found !== 'missed';
      if (found === 'missed') {
        counts.missed++;
        // A client would read these bytes from the cache; the next block or a later position may be available here.
        at += 1 + random.below(2 * stage.blockSize);
      } else {
        counts.given++;
        at += random.oneIn(8) ? 1 + random.below(found) : found;
      }
      await wait(random.below(pace + 1) * random.pick([1, 1, 4]));
      if (random.oneIn(20)) return void counts.left++;
    }
  } finally {
    isLeft = true;
    if (--crowd.seated === 0) crowd.leftAt = crowd.seen;
    fillReader.leave();
    if (random.oneIn(3)) fillReader.leave();
  }
}

interface ReadContext {
  /** Whether the fill has just reported that it reaches the position. */
  readonly isFirst: boolean;
  /** Whether the client has read the bytes before the position. */
  readonly isFollowing: boolean;
  /** Whether the fill must continue for the client: it was in progress when the client attached, and the client has not detached. */
  readonly isOpen: () => boolean;
}

type Found = number | 'missed' | 'broken';

/** Reads a chunk and checks it. @returns its length in bytes */
async function readChecked(
  crowd: Crowd,
  fillReader: FillReader,
  at: number,
  { isFirst, isFollowing, isOpen }: ReadContext,
): Promise<Found> {
  const { stage } = crowd;
  const { span, object } = stage;
  crowd.asked = Math.max(crowd.asked, at);
  try {
    const reading = fillReader.read(at);
    let isAtOnce = true;
    void microtask()
      .then(microtask)
      .then(() => (isAtOnce = false));
    const bytes = await reading;
    if (bytes === undefined) {
      const isPassed = crowd.asked > at || at >= span.end || !isOpen();
      if (!isPassed) throw new Error(`nothing at ${at}, although no client has read on`);
      // During the wait, others may have read on; bytes released before the call are reported within one microtask.
      if (isFirst && isOpen() && isAtOnce) throw new Error(`it said that it reaches ${at}`);
      const isOwn = isFollowing && at % stage.blockSize !== 0 && at < span.end && !stage.isRefused();
      if (isOwn && !stage.fill.isOver())
        throw new Error(`the block at ${at} was taken from a client in the middle of it`);
      return 'missed';
    }
    if (bytes.length === 0) throw new Error(`no bytes at ${at}`);
    const isExact = at + bytes.length <= span.end && isEqual(bytes, object.subarray(at, at + bytes.length));
    if (!isExact) throw new Error(`other bytes at ${at}`);
    crowd.seen = Math.max(crowd.seen, at + bytes.length);
    crowd.given.push({ at, bytes });
    if (stage.ending !== 'whole' && crowd.seen > lastSound(stage)) throw new Error('it gave what it can not trust');
    return bytes.length;
  } catch (error) {
    if (!isStoreError(error)) throw error;
    checkBreak(crowd, at, error);
    return 'broken';
  }
}

/** The end of the bytes that a client may get from a storage that fails: the last bytes are withheld until its body has ended. */
function lastSound({ ending, breakAt, span }: FillStage): number {
  if (ending === 'early') return breakAt;
  return ending === 'surplus' ? span.end - 1 : Math.min(breakAt, span.end - 1);
}

/** A read may fail only if the storage has failed, and only after the bytes before the failure. */
function checkBreak({ stage, asked, seen }: Crowd, at: number, error: Error): void {
  if (stage.opening === 'fails') return;
  const isWhole = stage.ending === 'whole' || (stage.ending === 'early' && stage.breakAt === stage.span.end);
  if (isWhole) throw new Error('it failed, and the storage has not', { cause: error });
  if (stage.ending === 'surplus') return;
  const due = lastSound(stage);
  if (asked === at && seen <= at && at < Math.min(due, stage.breakAt) && stage.breakAt < stage.span.end)
    throw new Error(`it failed at ${at}, although there are bytes up to ${due}`, { cause: error });
}
