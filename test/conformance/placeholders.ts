import { valuesOf, type WireResponse } from './wire.ts';

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

const two = (value: number): string => String(value).padStart(2, '0');

/**
 * The instant of an IMF-fixdate (§5.6.7) in milliseconds, or `undefined` unless it is exactly one,
 * down to the right name of the day.
 */
export const parseImfFixdate = (value: string): number | undefined => {
  const at = Date.parse(value);
  return !Number.isNaN(at) && new Date(at).toUTCString() === value ? at : undefined;
};

const rfc850 = (date: Date): string => {
  const [, , , , time = ''] = date.toUTCString().split(' ');
  const day = `${two(date.getUTCDate())}-${months[date.getUTCMonth()] ?? ''}`;
  const year = two(date.getUTCFullYear() % 100);
  return `${days[date.getUTCDay()] ?? ''}, ${day}-${year} ${time} GMT`;
};

const asctime = (date: Date): string => {
  const [weekday = '', , month = '', year = '', time = ''] = date.toUTCString().split(' ');
  const day = String(date.getUTCDate()).padStart(2, ' ');
  return `${weekday.slice(0, 3)} ${month} ${day} ${time} ${year}`;
};

/** The values of the placeholders of a case, taken from a HEAD of its target. */
export const placeholdersOf = (head: WireResponse | undefined): ReadonlyMap<string, string> => {
  const found = new Map<string, string>();
  if (head?.status !== 200) return found;
  const [etag] = valuesOf(head, 'etag');
  if (etag !== undefined) {
    const opaque = /^(?:W\/)?"(.*)"$/su.exec(etag)?.[1] ?? etag;
    found.set('etag', etag).set('opaque', opaque).set('weak-etag', `W/"${opaque}"`);
  }
  const at = parseImfFixdate(valuesOf(head, 'last-modified')[0] ?? '');
  if (at !== undefined) {
    const date = new Date(at);
    found.set('date', date.toUTCString());
    found.set('date+1', new Date(at + 1_000).toUTCString());
    found.set('date-1', new Date(at - 1_000).toUTCString());
    found.set('date-rfc850', rfc850(date)).set('date-asctime', asctime(date));
  }
  return found;
};

/**
 * `text` with every placeholder replaced.
 *
 * @throws Error when one has no value: the target is no object, or lacks that validator
 */
export const fill = (text: string, values: ReadonlyMap<string, string>): string =>
  text.replaceAll(/\{([a-z][a-z0-9+-]*)\}/gu, (whole, name: string) => {
    const value = values.get(name);
    if (value === undefined) throw new Error(`a HEAD of the target gives no value for ${whole}`);
    return value;
  });
