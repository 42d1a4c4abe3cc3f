/** An object of a template. */
export type Json = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Of a field that holds one value or a list of them, the list. */
export function toList(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

/** The value at a path of field names. */
export function dig(value: unknown, ...path: readonly string[]): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return value;
  return isRecord(value) ? dig(value[first], ...rest) : undefined;
}

/** Every object in a value, however deep. */
export function* objectsIn(value: unknown): Generator<Json> {
  if (isRecord(value)) yield value;
  if (typeof value !== 'object' || value === null) return;
  for (const inner of Object.values(value)) yield* objectsIn(inner);
}
