import { expect, describe, test } from 'vitest';
import type { Action } from '../../src/client/plan-types.ts';
import { head, play, received } from './heads.ts';

const opened = (actions: readonly Action[]) => actions.flatMap((one) => (one.type === 'open' ? [one] : []));

describe('a whole response', () => {
  test('whose last bytes are on their way to the disk when it breaks off is not requested again', () => {
    let unusable = play({ tries: 9 });
    for (let id = 1; id <= 3; id++) unusable = unusable.on(received(id, head(206))).after(60_000);
    const whole = unusable.on({ type: 'emptied' });
    expect(opened(whole.actions)).toMatchObject([{ asked: { type: 'whole' } }]);
    const id = opened(whole.actions)[0]?.id ?? 0;
    const broken = whole
      .on(received(id, head(200, { ETag: '"a"', 'Content-Length': '100' })))
      .on({ type: 'chunk', id, length: 100 })
      .on({ type: 'failed', id, reason: 'reset' });
    expect(broken.actions).toEqual([]);
    expect(broken.on({ type: 'written', id, span: { start: 0, end: 100 } }).plan.phase).toBe('verifying');
  });
});
