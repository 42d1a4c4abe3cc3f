import { EventEmitter } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { printLogEntry, type LogEntry } from '../../../src/observe/log.ts';
import { lineLog } from '../../../src/platform/node/line-log.ts';

const entry = (requestId: string): LogEntry => ({
  time: '2026-01-01T00:00:00.000Z',
  requestId,
  method: 'GET',
  key: 'key',
  status: 200,
  range: null,
  bytesSent: 1,
  storageReads: 1,
  continued: 0,
  bytesRead: 1,
  durationMs: 1,
  outcome: 'complete',
});

const line = (requestId: string) => `${printLogEntry(entry(requestId))}\n`;

function output() {
  const written: string[] = [];
  const ending = new EventEmitter();
  const errors = new EventEmitter();
  const stream = { write: (text: string) => written.push(text), on: errors.on.bind(errors) };
  return { log: lineLog(stream, ending), written, ending, errors };
}

describe('lineLog', () => {
  test('writes the lines of one turn together, in order', async () => {
    const { log, written } = output();
    log(entry('1'));
    log(entry('2'));
    expect(written).toEqual([]);
    await setTimeout(50);
    expect(written).toEqual([line('1') + line('2')]);
    log(entry('3'));
    await setTimeout(50);
    expect(written).toEqual([line('1') + line('2'), line('3')]);
  });

  test('writes pending lines once when the process exits', async () => {
    const { log, written, ending } = output();
    log(entry('1'));
    ending.emit('exit');
    expect(written).toEqual([line('1')]);
    await setTimeout(50);
    expect(written).toEqual([line('1')]);
  });

  test('continues after its output was closed', () => {
    const { errors } = output();
    expect(() => errors.emit('error', new Error('EPIPE'))).not.toThrow();
  });
});
