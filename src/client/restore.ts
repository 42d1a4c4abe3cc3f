import { downloadError, type DownloadError, type Failure } from './download-error.ts';
import { hashQuery, makeSalt, parseJournal, printJournal, type Journal, type JournalEntry } from './journal.ts';
import { contradictDigests } from './repr-digest.ts';
import type { Sink } from './sink.ts';
import { printValidator } from './validator.ts';
import type { Intervals } from '../http/intervals.ts';
import type { Version } from './verdict.ts';

/** Where a download goes, and where its state is kept. Without a journal, it is not resumed by another run. */
export interface DownloadTarget {
  readonly sink: Sink;
  readonly journal?: Journal | undefined;
}

/** The address of a download as a journal keeps it. */
export type JournalAddress = Pick<JournalEntry, 'address' | 'query'>;

/** An opened target, and what an earlier run has left there. */
export interface OpenedTarget extends DownloadTarget {
  readonly address: JournalAddress;
  readonly earlier: EarlierRun | undefined;
}

/** The state that an earlier run has left. */
export interface EarlierRun {
  readonly version: Version & { readonly size: number };
  readonly written: Intervals;
  /** Whether it was of another query, such as a fresh signature. Then a change of the object may be another object. */
  readonly isOtherQuery: boolean;
}

/**
 * Opens a target, and reads what an earlier run has left. If that is nothing, or can't be continued, the sink is empty
 * afterwards.
 *
 * @throws DownloadError `conflict` if the journal is of another address, of a newer format, or no journal
 */
export async function openTarget(target: DownloadTarget, url: string, unsafeResume: boolean): Promise<OpenedTarget> {
  try {
    return await openBoth(target, url, unsafeResume);
  } catch (error) {
    await target.sink.close();
    await target.journal?.close();
    throw error;
  }
}

async function openBoth({ sink, journal }: DownloadTarget, url: string, unsafeResume: boolean): Promise<OpenedTarget> {
  const text = await journal?.open();
  const { origin, pathname, search } = new URL(url);
  const own = `${origin}${pathname}`;
  if (journal === undefined || text === undefined) {
    await sink.open();
    await sink.empty();
    return { sink, journal, address: await newAddress(own, search), earlier: undefined };
  }
  const entry = readEntry(text, own);
  const isOtherQuery = (await hashQuery(search, entry.query.salt)) !== entry.query.hash;
  const { version, written } = entry;
  const isLost = (await sink.open()) < (written.at(-1)?.end ?? 0);
  if (!isLost && (version.validator.type !== 'none' || unsafeResume)) {
    return { sink, journal, address: entry, earlier: { version, written, isOtherQuery } };
  }
  await startOver({ sink, journal });
  return { sink, journal, address: await newAddress(own, search), earlier: undefined };
}

async function newAddress(address: string, search: string): Promise<JournalAddress> {
  const salt = makeSalt();
  return { address, query: { salt, hash: await hashQuery(search, salt) } };
}

function readEntry(text: string, address: string): JournalEntry {
  const entry = parseJournal(text);
  if (entry === 'newer') throw conflict('its journal was written by a newer version of rangeway: use that one');
  if (entry === 'foreign')
    throw conflict('its journal is damaged, or is no journal of rangeway: remove it to start anew');
  if (entry.address === address) return entry;
  throw conflict(`its journal is of ${entry.address}: choose another file, or remove the journal to start anew`);
}

/** Compares what an earlier run has left with the first response, if the target was opened for it. */
export interface Reconciler {
  /**
   * Compares it with the version of a response. It may empty the sink, so there is one comparison at a time, also if the
   * response is given up meanwhile, and another one follows.
   *
   * @returns the bytes that are kept
   * @throws DownloadError if the version is another one, and may not be written over the old one
   */
  keptFor(target: OpenedTarget, version: Version, onChange: 'restart' | 'fail'): Promise<Intervals | undefined>;
  /** It is in use, or gone: nothing is compared from now on. */
  settle(): void;
  /** Resolves when no comparison is in progress. */
  idle(): Promise<unknown>;
}

/** Makes the reconciler of a download. */
export function reconciler(): Reconciler {
  let isSettled = false;
  let comparing: Promise<unknown> = Promise.resolve();
  return {
    keptFor(target, version, onChange) {
      const turn = comparing.then(async () => {
        const kept = isSettled ? undefined : await reconcile(target, version, onChange);
        // The sink is empty now, and stays so for the next response, if this one was given up.
        isSettled ||= kept === undefined;
        return kept;
      });
      comparing = turn.catch(() => undefined);
      return turn;
    },
    settle: () => void (isSettled = true),
    idle: () => comparing,
  };
}

async function reconcile(
  { earlier, ...target }: OpenedTarget,
  version: Version,
  onChange: 'restart' | 'fail',
): Promise<Intervals | undefined> {
  if (earlier === undefined) return undefined;
  if (isSameVersion(earlier.version, version)) return earlier.written;
  if (earlier.isOtherQuery) throw downloadError(otherFile());
  if (onChange === 'fail') {
    throw downloadError({ code: 'changed', reason: 'it is not the version of which a part was downloaded' });
  }
  await startOver(target);
  return undefined;
}

function conflict(reason: string): DownloadError {
  return downloadError({ code: 'conflict', reason });
}

/** The failure if the journal is of another query, and the server has another version there. */
export function otherFile(): Failure {
  const reason =
    'its journal is of another query, and the file there is another: choose another file, or remove the journal';
  return { code: 'conflict', reason };
}

function isSameVersion(a: Version, b: Version): boolean {
  const isSame = a.size === b.size && printValidator(a.validator) === printValidator(b.validator);
  return isSame && !b.isCoded && !contradictDigests(a.digests, b.digests);
}

/**
 * Removes all written bytes. The journal is removed first: after a crash it would list bytes of the old version.
 */
export async function startOver({ sink, journal }: DownloadTarget): Promise<void> {
  await journal?.remove();
  await sink.empty();
}

/** Saves the bytes on disk for another run, after a failure. Bytes with a wrong digest are not continued. */
export async function keepState(
  target: OpenedTarget,
  { code }: Failure,
  { version, written }: { readonly version: Version | undefined; readonly written: Intervals },
): Promise<void> {
  try {
    if (code === 'digest-mismatch') await target.journal?.remove();
    else if (code !== 'conflict') await saveJournal(target, version, written);
  } catch {
    // A full disk, for example: the last checkpoint stays.
  }
}

/** Makes all that was written durable, then saves which bytes that is. */
export async function saveJournal(
  { sink, journal, address }: OpenedTarget,
  version: Version | undefined,
  written: Intervals,
): Promise<void> {
  if (journal === undefined || version?.size === undefined || version.isCoded) return;
  await sink.sync();
  await journal.save(printJournal({ ...address, version: { ...version, size: version.size }, written }));
}
