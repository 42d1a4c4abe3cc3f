import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { portableBodyPipe } from '../../../src/gateway/download/body-pipe.ts';
import { parseByteranges } from '../../conformance/multipart.ts';
import { collect, counting, sourceOf } from '../../store/bodies.ts';
import { holdsAsync } from '../../property-runs.ts';
import { anyPlannedBody, BOUNDARY, anyMultipartBody, NEVER, planOver, anySinglePartBody } from './planned-response.ts';

const NO_BYTES = new Uint8Array(0);

describe('a planned body', () => {
  test('of several parts has exactly its length, and passes the strict multipart parser', async () => {
    await holdsAsync(
      fc.asyncProperty(anyMultipartBody, async ({ bytes, decision, storage }) => {
        const { plan, parts, sources } = planOver(bytes, decision, { ...storage, surplus: 0 });
        const { body, done } = portableBodyPipe.pipe(plan);
        const sent = (await collect(body)).bytes;
        expect(sent).toHaveLength(plan.length);
        expect(parseByteranges(sent, BOUNDARY)).toEqual(
          parts.map(({ start, end }) => ({
            headers: [
              ['Content-Type', 'application/octet-stream'],
              ['Content-Range', `bytes ${start}-${end - 1}/${bytes.length}`],
            ],
            start,
            end,
            size: bytes.length,
            bytes: bytes.subarray(start, end),
          })),
        );
        const bytesRead = decision.reads.reduce((sum, { span }) => sum + span.end - span.start, 0);
        expect(await done).toEqual({ outcome: 'complete', bytesSent: sent.length, bytesRead });
        expect(sources.filter((source) => source.ended() === 'open')).toEqual([]);
      }),
    );
  });
  test('of one part is exactly its bytes', async () => {
    await holdsAsync(
      fc.asyncProperty(anySinglePartBody, async ({ bytes, decision, storage }) => {
        const { plan } = planOver(bytes, decision, { ...storage, surplus: 0 });
        const { body, done } = portableBodyPipe.pipe(plan);
        const { start, end } = decision.span;
        expect((await collect(body)).bytes).toEqual(bytes.slice(start, end));
        expect(await done).toEqual({ outcome: 'complete', bytesSent: end - start, bytesRead: end - start });
        expect(plan.length).toBe(end - start);
      }),
    );
  });
  test('with a read that is too short or too long fails, and the sent bytes are a prefix of the whole body', async () => {
    await holdsAsync(
      fc.asyncProperty(anyPlannedBody, async ({ bytes, decision, storage }) => {
        fc.pre(storage.surplus !== 0);
        const right = await collect(
          portableBodyPipe.pipe(planOver(bytes, decision, { ...storage, surplus: 0 }).plan).body,
        );
        const { plan, sources } = planOver(bytes, decision, storage);
        const { body, done } = portableBodyPipe.pipe(plan);
        const { bytes: sent, error } = await collect(body);
        expect(error).toMatchObject({ name: 'StoreError', code: 'invalid-response' });
        expect(await done).toMatchObject({ outcome: 'failed', bytesSent: sent.length, cause: error });
        expect(sent).toEqual(right.bytes.slice(0, sent.length));
        expect(sent.length).toBeLessThan(plan.length);
        expect(sources.filter((source) => source.ended() === 'open')).toEqual([]);
      }),
    );
  });
  test('is aborted if the client disconnects, and its read is cancelled', async () => {
    await holdsAsync(
      fc.asyncProperty(anyPlannedBody, fc.integer({ min: 1, max: 12 }), async ({ bytes, decision, storage }, reads) => {
        const { plan, sources } = planOver(bytes, decision, { ...storage, surplus: 0 });
        const { body, done } = portableBodyPipe.pipe(plan);
        const reader = body.getReader();
        let received = 0;
        for (let i = 0; i < reads; i++) received += (await reader.read()).value?.length ?? 0;
        await reader.cancel();
        const transfer = await done;
        expect(transfer.bytesSent).toBe(received);
        // After the last byte, the body may already have ended.
        if (received < plan.length) expect(transfer.outcome).toBe('aborted');
        expect(sources.filter((source) => source.ended() === 'open')).toEqual([]);
      }),
    );
  });
});

/** One read of bytes 0 to 7, in chunks of 4, or of the body from `open`. */
function eight(open?: () => Promise<ReadableStream<Uint8Array>>, signal: AbortSignal = NEVER) {
  const source = sourceOf([counting(4), counting(4)]);
  const span = { start: 0, end: 8 };
  const reads = [{ open: open ?? (async () => source.body), span, parts: [{ head: NO_BYTES, span }] }];
  return { source, ...portableBodyPipe.pipe({ length: 8, reads, tail: NO_BYTES, signal, close: () => undefined }) };
}

/** Yields one chunk, then hangs until it is cancelled. */
function hanging(cancel: () => Promise<void> = async () => undefined): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => controller.enqueue(counting(4)),
    pull: () => new Promise(() => undefined),
    cancel,
  });
}

describe('portableBodyPipe', () => {
  test('reads nothing from the storage before the client reads', async () => {
    const { source } = eight();
    await setImmediate();
    expect(source.pulls()).toBe(0);
  });
  test('reads one chunk for each read of the client', async () => {
    const { body, source } = eight();
    await body.getReader().read();
    await setImmediate();
    expect(source.pulls()).toBe(1);
  });
  test('opens a read only after the one before was sent', async () => {
    const opened: number[] = [];
    const span = { start: 0, end: 4 };
    const reads = [0, 1].map((i) => ({
      open: async () => {
        opened.push(i);
        return sourceOf([counting(4)]).body;
      },
      span,
      parts: [{ head: NO_BYTES, span }],
    }));
    const plan = { length: 8, reads, tail: NO_BYTES, signal: NEVER, close: () => undefined };
    const reader = portableBodyPipe.pipe(plan).body.getReader();
    await reader.read();
    expect(opened).toEqual([0]);
    await reader.read();
    expect(opened).toEqual([0, 1]);
  });
  test('sends an empty object', async () => {
    const { plan } = planOver(
      NO_BYTES,
      { status: 200, span: { start: 0, end: 0 } },
      { lengths: [], wrongRead: 9, surplus: 0, apart: false },
    );
    const { body, done } = portableBodyPipe.pipe(plan);
    expect(await collect(body)).toEqual({ bytes: NO_BYTES });
    expect(await done).toEqual({ outcome: 'complete', bytesSent: 0, bytesRead: 0 });
  });
  test('fails with the cause if a read can not be opened', async () => {
    const cause = new Error('gone');
    const { body, done } = eight(async () => Promise.reject(cause));
    expect(await collect(body)).toEqual({ bytes: NO_BYTES, error: cause });
    expect(await done).toEqual({ outcome: 'failed', bytesSent: 0, bytesRead: 0, cause });
  });
  test('fails with the cause if a body breaks', async () => {
    const cause = new Error('reset');
    const chunks = [counting(4)].values();
    const broken = new ReadableStream<Uint8Array>({
      pull(controller) {
        const { value } = chunks.next();
        if (value === undefined) controller.error(cause);
        else controller.enqueue(value);
      },
    });
    const { body, done } = eight(async () => broken);
    expect((await collect(body)).error).toBe(cause);
    expect(await done).toMatchObject({ outcome: 'failed', cause });
  });
  test('is aborted, not failed, if the body breaks because the client disconnected', async () => {
    const { body, done } = eight(async () => Promise.reject(new Error('aborted')), AbortSignal.abort());
    expect((await collect(body)).error).toBeDefined();
    expect(await done).toEqual({ outcome: 'aborted', bytesSent: 0, bytesRead: 0 });
  });
  test('cancels a hanging read', async () => {
    let cancelled = false;
    const { body, done } = eight(async () => hanging(async () => void (cancelled = true)));
    const reader = body.getReader();
    await reader.read();
    const second = reader.read();
    await setImmediate();
    await reader.cancel();
    expect(await second).toEqual({ done: true, value: undefined });
    expect(await done).toEqual({ outcome: 'aborted', bytesSent: 4, bytesRead: 4 });
    expect(cancelled).toBe(true);
  });
  test('closes a body that is opened after the client disconnected', async () => {
    const source = sourceOf([counting(4), counting(4)]);
    const asked = Promise.withResolvers<undefined>();
    const opening = Promise.withResolvers<ReadableStream<Uint8Array>>();
    const { body, done } = eight(() => {
      asked.resolve(undefined);
      return opening.promise;
    });
    const reader = body.getReader();
    const first = reader.read();
    await asked.promise;
    const left = reader.cancel();
    opening.resolve(source.body);
    await left;
    expect(await first).toEqual({ done: true, value: undefined });
    expect(await done).toMatchObject({ outcome: 'aborted', bytesSent: 0 });
    expect(source.ended()).toBe('cancelled');
  });
  test('is aborted even if cancelling the read fails', async () => {
    const { body, done } = eight(async () => hanging(() => Promise.reject(new Error('no'))));
    const reader = body.getReader();
    await reader.read();
    await reader.cancel().catch(() => undefined);
    expect(await done).toMatchObject({ outcome: 'aborted', bytesSent: 4 });
  });
  // A body "yields exactly these bytes, or it errors" (OpenObject); workerd's FixedLengthStream does fail here.
  test('fails for surplus bytes in a chunk of their own', async () => {
    const { body, done } = eight(async () => sourceOf([counting(8), counting(3)]).body);
    expect((await collect(body)).bytes.length).toBeLessThan(8);
    expect(await done).toMatchObject({ outcome: 'failed' });
  });
  test('closes the open body if the client disconnects before it reads', async () => {
    const { plan, sources } = planOver(
      counting(8),
      { status: 200, span: { start: 0, end: 8 } },
      { lengths: [4], wrongRead: 9, surplus: 0, apart: false },
    );
    const { body, done } = portableBodyPipe.pipe(plan);
    await body.cancel();
    expect(await done).toMatchObject({ outcome: 'aborted' });
    expect(sources.map((source) => source.ended())).toEqual(['cancelled']);
  });
});
