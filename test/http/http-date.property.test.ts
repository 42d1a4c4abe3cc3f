import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseHttpDate, printHttpDate, toSeconds } from '../../src/http/http-date.ts';
import { DATE_FORMS, printDate } from './reference/dates.ts';
import { holds } from '../property-runs.ts';

const NOW = Date.UTC(2026, 6, 1) / 1000;
const YEAR = 366 * 86_400;
const anyDate = fc.integer({ min: -62_167_219_200, max: 253_402_300_799 });

describe('a date', () => {
  test('is parsed as it was printed', () => {
    holds(
      fc.property(anyDate, (seconds) => {
        expect(parseHttpDate(printHttpDate(seconds), NOW)).toBe(seconds);
      }),
    );
  });
  test('is printed as the reference prints it', () => {
    holds(
      fc.property(anyDate, (seconds) => {
        expect(printHttpDate(seconds)).toBe(printDate(seconds, 'imf'));
      }),
    );
  });
  test.each(DATE_FORMS)('of the last 49 years is parsed in each form: %s', (form) => {
    holds(
      fc.property(fc.integer({ min: NOW - 48 * YEAR, max: NOW }), (seconds) => {
        expect(parseHttpDate(printDate(seconds, form), NOW)).toBe(seconds);
      }),
    );
  });
  test('in RFC 850 form is never more than 50 years ahead, nor 50 or more behind', () => {
    holds(
      fc.property(anyDate, fc.integer({ min: 0, max: 7_000_000_000 }), (seconds, now) => {
        const parsed = parseHttpDate(printDate(seconds, 'rfc850'), now);
        // 29 February may not exist in the century meant.
        if (parsed === undefined) return;
        const away = (years: number) =>
          new Date(now * 1000).setUTCFullYear(new Date(now * 1000).getUTCFullYear() + years) / 1000;
        expect(parsed).toBeLessThanOrEqual(away(50));
        // A day less, because 29 February moves.
        expect(parsed).toBeGreaterThanOrEqual(away(-50) - 86_400);
      }),
    );
  });
  test('with one changed character is parsed as the new text, or refused', () => {
    const afterDay = (text: string): string => text.slice(text.indexOf(' '));
    const char = fc.constantFrom(...'01239: ,-\tGz'.split(''));
    holds(
      fc.property(anyDate, fc.constantFrom(...DATE_FORMS), fc.nat(40), char, (seconds, form, at, inserted) => {
        const text = printDate(seconds, form);
        const where = at % text.length;
        const changed = text.slice(0, where) + inserted + text.slice(where + 1);
        const parsed = parseHttpDate(changed, NOW);
        if (parsed === undefined || changed.includes(':60')) return;
        // Asctime's day may be written with a zero for its space.
        const said = form === 'asctime' ? changed.replace(/^(\w+ \w+) 0/, '$1  ') : changed;
        expect(afterDay(printDate(parsed, form))).toBe(afterDay(said));
      }),
    );
  });
  test('is not parsed from random text', () => {
    holds(
      fc.property(fc.string(), (text) => {
        expect(parseHttpDate(text, NOW)).toBeUndefined();
      }),
    );
  });
  test('is the second that contains an instant', () => {
    holds(
      fc.property(anyDate, fc.nat(999), (seconds, milliseconds) => {
        expect(toSeconds(new Date(seconds * 1000 + milliseconds))).toBe(seconds);
      }),
    );
  });
});
