import type { Intervals } from '../http/intervals.ts';
import type { Span } from '../http/span.ts';
import { checkpoints } from './checkpoints.ts';
import type { DownloadResult, Engine, EngineOptions, FirstResponse } from './engine-types.ts';
import { downloadError, isDownloadError, type Failure } from './download-error.ts';
import type { FetchResponse } from './fetcher.ts';
import { discovery } from './discovery.ts';
import { initialPlan, step } from './plan.ts';
import type { Action, PlanEvent, Rules } from './plan-types.ts';
import { keepState, openTarget, otherFile, reconciler, saveJournal, startOver, type OpenedTarget } from './restore.ts';
import { rateLimiter, runTransfer, type Transfer } from './transfer.ts';
import { judge } from './verdict.ts';
import { RECEIPT_TIMEOUTS, sendReceipt } from './receipt.ts';
import { isSameOrigin, withoutCredentials } from './origins.ts';
import { verifier } from './verifier.ts';
import type { Verification } from './verify.ts';

/** The time between two ticks, in ms. */
const TICK = 100;

/**
 * Runs a plan: passes events to it, and performs its actions on the fetcher, the sink and the journal. All decisions are
 * in the plan.
 */
export function startEngine(options: EngineOptions): Engine {
  const { promise: done, resolve, reject } = Promise.withResolvers<DownloadResult>();
  const ended = new AbortController();
  const transfers = new Map<number, Transfer>();
  /** Writes in progress, those of closed transfers included. */
  const writes = new Set<Promise<void>>();
  const limit = rateLimiter(options.rateLimit);
  let plan = initialPlan(options.rules);
  let target: Promise<OpenedTarget> | undefined;
  let address = options.url;
  let redirect: string | undefined;
  let verification: Verification = { type: 'none', reason: 'verification is turned off' };
  let saved = newCheckpoints();
  let isPauseWanted = false;
  let isReady = false;
  /** The bytes of an earlier run, until they are in the plan, or gone. */
  const leftovers = reconciler();

  const { fetcher } = options;
  const { signal } = ended;
  const found = discovery({ fetcher, fields: options.fields, signal });
  const verifying = verifier({ options, discovery: found, fieldsFor, plan: () => plan, signal, dispatch });

  function newCheckpoints() {
    return checkpoints(options.checkpoints, save, onLocalFailure);
  }

  async function save(): Promise<void> {
    // Which bytes are written is read before they are synced.
    const { version, written } = plan;
    if (target !== undefined) await saveJournal(await target, version, written);
  }

  function dispatch(event: PlanEvent): void {
    const next = step(plan, event, { now: now(), jitter: Math.random() });
    plan = next.plan;
    if (plan.version !== undefined) leftovers.settle();
    for (const action of next.actions) perform(action);
    if (isPauseWanted && plan.phase === 'transfer') dispatch({ type: 'pause' });
  }

  /** A failure of this side: the sink, the journal, or a file that belongs to something else. */
  function onLocalFailure(cause: unknown): void {
    const reason = cause instanceof Error ? cause.message : 'unknown error';
    dispatch({ type: 'stop', failure: isDownloadError(cause) ? cause.failure : { code: 'disk', reason, cause } });
  }

  function perform(action: Action): void {
    switch (action.type) {
      case 'open':
        return open(action);
      case 'close':
        return close(action.id);
      case 'write': {
        const transfer = transfers.get(action.id);
        if (transfer !== undefined) transfer.next = action.span;
        return;
      }
      case 'empty':
        return run(empty);
      case 'refresh':
        return run(refresh);
      case 'forget-redirect':
        redirect = undefined;
        return;
      case 'verify':
        return run(check);
      case 'finish':
        return run(finish);
      case 'fail':
        return void fail(action.failure).catch(reject);
    }
  }

  function run(work: () => Promise<void>): void {
    work().catch(onLocalFailure);
  }

  function open({ id, asked, validator }: Action & { type: 'open' }): void {
    const transfer: Transfer = { id, asked, validator, abort: new AbortController(), isClosed: false, next: undefined };
    transfers.set(id, transfer);
    const url = redirect ?? address;
    const fields = fieldsFor(url);
    const isReused = redirect !== undefined;
    const context = { url, isReused, fields, fetcher: options.fetcher, dispatch, onResponse, write, onLocalFailure };
    void runTransfer(transfer, context).finally(() => transfers.delete(id));
  }

  /** Credentials go to the origin of the address that was given, and not to the target of a redirect. */
  function fieldsFor(url: string): Readonly<Record<string, string>> {
    return isSameOrigin(url, address) ? options.fields : withoutCredentials(options.fields);
  }

  function close(id: number): void {
    const transfer = transfers.get(id);
    if (transfer === undefined) return;
    transfer.isClosed = true;
    // The memory of a chunk that is being written belongs to its connection, which is closed afterwards.
    if (transfer.next === undefined) transfer.abort.abort();
  }

  async function onResponse({ asked }: Transfer, response: FetchResponse): Promise<Intervals | undefined> {
    const url = redirect ?? address;
    if (response.url !== url) redirect = response.url;
    found.note(response, address);
    if (plan.version !== undefined) return undefined;
    const verdict = judge(asked, undefined, response, now());
    if (verdict.type !== 'body' && verdict.type !== 'empty') return undefined;
    const opened = await openLate(response);
    return leftovers.keptFor(opened, verdict.version, plan.rules.onChange);
  }

  /** Opens the target of the first response, if it was not given from the start. */
  function openLate(first: FirstResponse): Promise<OpenedTarget> {
    target ??= (async () => {
      const given = typeof options.target === 'function' ? await options.target(first) : options.target;
      return openTarget(given, options.url, options.rules.unsafeResume);
    })();
    return target;
  }

  function write(transfer: Transfer, span: Span, bytes: Uint8Array): Promise<void> {
    const writing = (async () => {
      await saved.admit(bytes.length);
      await limit(bytes.length);
      const { sink } = await openedTarget();
      verifying.noteWrite(span);
      await sink.write(span.start, bytes);
      dispatch({ type: 'written', id: transfer.id, span });
      saved.note(now());
    })();
    writes.add(writing);
    return writing.finally(() => void writes.delete(writing));
  }

  function openedTarget(): Promise<OpenedTarget> {
    return target ?? Promise.reject(new Error('nothing is open'));
  }

  async function empty(): Promise<void> {
    await saved.stop();
    await Promise.allSettled([...writes, leftovers.idle()]);
    leftovers.settle();
    verifying.reset();
    if (target !== undefined) await startOver(await target);
    saved = newCheckpoints();
    dispatch({ type: 'emptied' });
  }

  async function refresh(): Promise<void> {
    try {
      const fresh = await options.refresh?.(ended.signal);
      if (fresh === undefined || !/^https?:/.test(fresh) || !URL.canParse(fresh)) throw new Error('it is no URL');
      address = new URL(fresh).href;
      redirect = undefined;
    } catch (cause) {
      const reason = `there is no fresh address: ${cause instanceof Error ? cause.message : 'unknown error'}`;
      return dispatch({ type: 'stop', failure: { code: 'network', reason } });
    }
    dispatch({ type: 'refreshed' });
  }

  async function check(): Promise<void> {
    const { sink } = await openedTarget();
    const { version } = plan;
    if (!options.isVerified || version?.size === undefined) return dispatch({ type: 'verified', bad: [] });
    const finding = await verifying.finish(sink, { ...version, size: version.size });
    switch (finding.type) {
      case 'right':
        verification = finding.verification;
        return dispatch({ type: 'verified', bad: [] });
      case 'bad-pieces':
        return dispatch({ type: 'verified', bad: finding.bad });
      case 'mismatch':
        return dispatch({ type: 'stop', failure: { code: 'digest-mismatch', ...finding } });
    }
  }

  async function finish(): Promise<void> {
    const { sink, journal } = await openedTarget();
    const size = plan.version?.size ?? 0;
    // After a crash from here on, the next run finds that all bytes are there.
    await saved.flush();
    await saved.stop();
    if (plan.phase !== 'finishing') return;
    await sink.finish(size);
    await journal?.remove();
    dispatch({ type: 'finished' });
    await report(RECEIPT_TIMEOUTS.end);
    await release();
    resolve({ size, received: plan.received, restarts: plan.restarts, verification });
  }

  async function fail(failure: Failure): Promise<void> {
    ended.abort();
    await Promise.allSettled([...writes, leftovers.idle()]);
    await saved.stop();
    const opened = await target?.catch(() => undefined);
    if (opened !== undefined) await keepState(opened, failure, plan);
    if (failure.code === 'aborted') await report(RECEIPT_TIMEOUTS.pause);
    await release();
    const isOtherFile = failure.code === 'changed' && opened?.earlier?.isOtherQuery === true;
    reject(downloadError(isOtherFile ? otherFile() : failure));
  }

  /** Tells the server which bytes are on disk, if it has announced that it counts them. */
  async function report(timeout: number): Promise<void> {
    await found.settled();
    const url = found.transfer();
    const digest = verification.type === 'digest' ? verification : undefined;
    if (url !== undefined) await sendReceipt({ ...plan, url, fields: fieldsFor(url), fetcher, digest, timeout });
  }

  async function release(): Promise<void> {
    clearInterval(ticking);
    options.signal?.removeEventListener('abort', abort);
    const opened = await target?.catch(() => undefined);
    await opened?.sink.close();
    await opened?.journal?.close();
  }

  async function start(): Promise<void> {
    if (typeof options.target !== 'function') {
      target = openTarget(options.target, options.url, options.rules.unsafeResume);
      const { earlier } = await target;
      leftovers.settle();
      // The address is another one, so a change may mean another file: it is not written over the old one.
      const rules: Rules = earlier?.isOtherQuery === true ? { ...options.rules, onChange: 'fail' } : options.rules;
      plan = plan.phase === 'failed' ? plan : initialPlan(rules, earlier);
    }
    isReady = true;
    if (!isPauseWanted) dispatch({ type: 'start' });
  }

  function tick(): void {
    dispatch({ type: 'tick' });
    // A target that can't be opened is reported where it is opened.
    if (options.isVerified)
      void target?.then(
        ({ sink }) => verifying.tick(sink),
        () => undefined,
      );
  }

  const abort = () => dispatch({ type: 'stop', failure: { code: 'aborted' } });
  const ticking = setInterval(tick, TICK);
  options.signal?.addEventListener('abort', abort, { once: true });
  if (options.signal?.aborted === true) abort();
  else run(start);

  return {
    plan: () => plan,
    verified: () => verifying.verified(),
    async pause() {
      isPauseWanted = true;
      dispatch({ type: 'pause' });
      await Promise.allSettled(writes);
      if (target === undefined || plan.phase !== 'paused') return;
      await saved.flush();
      await report(RECEIPT_TIMEOUTS.pause);
    },
    resume() {
      isPauseWanted = false;
      if (isReady) dispatch({ type: 'resume' });
    },
    done,
  };
}

/** In ms since the epoch. Unlike `Date.now()`, it never goes back. */
function now(): number {
  return performance.timeOrigin + performance.now();
}
