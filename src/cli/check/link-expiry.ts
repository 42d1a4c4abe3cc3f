/** Parameters whose value is a time of expiry, in seconds since the epoch: of S3, CloudFront, nginx and of this gateway. */
const INSTANTS: ReadonlySet<string> = new Set(['expires', 'expire', 'exp', 'rgw-exp']);

/** Parameters of a start and of a duration in seconds: AWS's Signature Version 4, and Google's. */
const DURATIONS = [
  ['x-amz-date', 'x-amz-expires'],
  ['x-goog-date', 'x-goog-expires'],
] as const;

/**
 * Reads when a signed address expires. Known are presigned addresses of S3 and Google Cloud Storage, Azure's shared
 * access signatures, signed addresses of CloudFront and Akamai, and parameters with the name `expires`.
 *
 * @returns seconds since the epoch, the earliest if there are several; `undefined` if the address names none
 */
export function readLinkExpiry(address: URL): number | undefined {
  const parameters = new Map([...address.searchParams].map(([name, value]) => [name.toLowerCase(), value]));
  const times = [
    ...DURATIONS.map(([start, duration]) => basicDate(parameters.get(start)) + seconds(parameters.get(duration))),
    ...[...INSTANTS].map((name) => epoch(parameters.get(name))),
    parameters.has('sig') ? Date.parse(parameters.get('se') ?? '') / 1000 : Number.NaN,
    policyEnd(parameters.get('policy')),
    // Akamai's tokens: `exp=1767225600~acl=/*~hmac=…`.
    ...[...parameters.values()].map((value) => epoch(/(?:^|~)exp=(\d+)~/.exec(value)?.[1])),
  ].filter(Number.isFinite);
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Reads `20261129T104530Z`. */
function basicDate(text = ''): number {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (match === null) return Number.NaN;
  const [year, month, day, hours, minutes, rest] = match.slice(1);
  return Date.parse(`${year}-${month}-${day}T${hours}:${minutes}:${rest}Z`) / 1000;
}

function seconds(text = ''): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
}

/** Shorter and longer numbers are no dates of this century. */
function epoch(text = ''): number {
  return /^\d{10}$/.test(text) ? Number(text) : Number.NaN;
}

/** A custom policy of CloudFront: JSON in base64, with other characters for `+`, `=` and `/`. */
function policyEnd(text: string | undefined): number {
  if (text === undefined) return Number.NaN;
  const base64 = text.replaceAll('-', '+').replaceAll('_', '=').replaceAll('~', '/');
  const [, end] =
    /"DateLessThan"\s*:\s*\{\s*"AWS:EpochTime"\s*:\s*(\d+)/.exec(Buffer.from(base64, 'base64').toString()) ?? [];
  return epoch(end);
}
