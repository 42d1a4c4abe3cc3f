/**
 * The fields of a request's head, by names in any case: web `Headers`, or what a platform has before it makes them.
 * The values of several lines of one name are one, with a comma and a space between (§5.3).
 */
export interface Fields extends Iterable<[name: string, value: string]> {
  get(name: string): string | null;
  has(name: string): boolean;
}
