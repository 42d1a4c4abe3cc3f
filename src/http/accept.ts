/** The most members of a field that are read. */
const MAX_MEMBERS = 32;

/**
 * Returns the quality that an Accept field gives to a media type (§12.5.1): from 0, not acceptable, to 1. Of several
 * ranges that match, the most specific one counts. Parameters of a range other than `q` are ignored.
 *
 * @param accept the field as it was received; `null` if it is missing, and all types are acceptable
 * @param type in lower case, such as `text/html`
 */
export function qualityOf(accept: string | null, type: string): number {
  if (accept === null) return 1;
  const ranges = [type, `${type.slice(0, type.indexOf('/'))}/*`, '*/*'];
  let best = ranges.length;
  let quality = 0;
  for (const member of accept.split(',', MAX_MEMBERS)) {
    const [range = '', ...parameters] = member.split(';').map((part) => part.trim().toLowerCase());
    const rank = ranges.indexOf(range);
    if (rank === -1 || rank >= best) continue;
    best = rank;
    quality = readQuality(parameters);
  }
  return quality;
}

/** §12.4.2. An invalid weight counts as 1, as if it were missing. */
function readQuality(parameters: readonly string[]): number {
  const weight = parameters.map((parameter) => /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.exec(parameter)?.[1]);
  return Number(weight.find((value) => value !== undefined) ?? 1);
}
