/** One member of a set as it is written: both positions are in it, in full precision. */
export type WrittenSpec = { readonly first: bigint; readonly last: bigint | undefined } | { readonly suffix: bigint };

/** The value parsed by a rule, and the position of its end. */
type Read<T> = { readonly value: T; readonly at: number } | undefined;

/**
 * Reads a Range field by the letter of the grammar, a character at a time:
 *
 *     field        = OWS ranges-specifier OWS                      §5.5, §14.2
 *     specifier    = "bytes" "=" OWS range-set                     §14.1.1; the unit in any case, §14.1
 *     range-set    = 1#range-spec                                  §14.1.1
 *     #element     = [ element ] *( OWS "," OWS [ element ] )      §5.6.1.2, as a recipient has to read it
 *     range-spec   = first-pos "-" [ last-pos ] / "-" suffix-length
 *
 * The OWS after "=" is of the example in §14.1.2. Slow, and without a regular expression. `undefined` where the grammar is left, or where a last position is less
 * than the first (§14.1.1).
 */
export function readRangeField(text: string): readonly WrittenSpec[] | undefined {
  const end = endWithoutOws(text);
  const field = text.slice(0, end);
  const unit = readUnit(field, skipOws(field, 0));
  if (unit === undefined) return undefined;
  const specs: WrittenSpec[] = [];
  let at = unit;
  const first = readSpec(field, at);
  if (first !== undefined) {
    specs.push(first.value);
    at = first.at;
  }
  while (at < field.length) {
    const comma = skipOws(field, at);
    if (field[comma] !== ',') return undefined;
    at = skipOws(field, comma + 1);
    const next = readSpec(field, at);
    if (next === undefined) continue;
    specs.push(next.value);
    at = next.at;
  }
  if (specs.length === 0) return undefined;
  return specs.some((spec) => 'first' in spec && spec.last !== undefined && spec.last < spec.first) ? undefined : specs;
}

function readUnit(text: string, from: number): number | undefined {
  const unit = 'bytes=';
  for (let i = 0; i < unit.length; i++) {
    const char = text[from + i];
    const wanted = unit[i];
    if (char === undefined || wanted === undefined) return undefined;
    const upper = wanted === '=' ? wanted : String.fromCharCode(wanted.charCodeAt(0) - 32);
    if (char !== wanted && char !== upper) return undefined;
  }
  return skipOws(text, from + unit.length);
}

function readSpec(text: string, from: number): Read<WrittenSpec> {
  if (text[from] === '-') {
    const length = readNumeral(text, from + 1);
    return length === undefined ? undefined : { value: { suffix: length.value }, at: length.at };
  }
  const first = readNumeral(text, from);
  if (first === undefined || text[first.at] !== '-') return undefined;
  const last = readNumeral(text, first.at + 1);
  if (last === undefined) return { value: { first: first.value, last: undefined }, at: first.at + 1 };
  return { value: { first: first.value, last: last.value }, at: last.at };
}

function readNumeral(text: string, from: number): Read<bigint> {
  let value = 0n;
  let at = from;
  for (; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) break;
    value = value * 10n + BigInt(digit);
  }
  return at === from ? undefined : { value, at };
}

function skipOws(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\t') at++;
  return at;
}

function endWithoutOws(text: string): number {
  let end = text.length;
  while (end > 0 && (text[end - 1] === ' ' || text[end - 1] === '\t')) end--;
  return end;
}
