import { parseEntityTag, parseHttpDate, printEntityTag, strongEqual, weakEqual } from '../../http/index.ts';
import { plural } from '../progress.ts';
import { finding, judgeResponse, responsesOf, type Evidence, type Finding } from './evidence.ts';
import type { CheckResponse } from './exchange.ts';
import type { ProbeName } from './probes.ts';

const EMPTY = 'the object is empty, so it has no ranges';
const NO_STRONG_TAG = 'there is no strong tag to compare with';

/** Whether there is a tag that changes with every change of the bytes (§8.8.1). */
export function checkTag({ first, subject }: Evidence): Finding {
  const { tag, date } = subject;
  const value = first.fields.get('etag');
  if (tag !== undefined && !tag.weak)
    return finding('ok', `strong, ${shortened(printEntityTag(tag))}`, 'two versions of the object can be told apart');
  if (tag !== undefined)
    return finding(
      'fault',
      `weak, ${shortened(printEntityTag(tag))}`,
      "clients can't use it to resume, so they start over, or guess",
    );
  if (value !== undefined)
    return finding('fault', `malformed, ${shortened(value)}`, 'clients ignore it, and resume by date or by guess');
  if (date !== undefined)
    return finding(
      'fault',
      'no ETag, only Last-Modified',
      'two changes within a second look the same; browsers start over',
    );
  return finding('fault', 'neither ETag nor Last-Modified', 'clients that resume join two versions without noticing');
}

/** Requests whose responses have the tag of the identity encoding. */
const SAME_TAG: readonly ProbeName[] = [
  'first',
  'range',
  'suffix',
  'open',
  'several',
  'if-range-current',
  'if-range-old',
  'if-none-match',
  'page',
  'range-again',
  'range-cached',
  'whole-again',
];

/** Whether all responses name the same version. Servers behind one name often have tags of their own. */
export function checkStability(evidence: Evidence): Finding {
  const responses = responsesOf(evidence, SAME_TAG).filter(({ status }) => [200, 206, 304].includes(status));
  const tags = valuesOf(responses, 'etag');
  const partial = responses.filter(({ status }) => status === 206);
  if (tags.length > 1) {
    const seen = `${tags.length} tags in ${responses.length} responses: ${tags.map(shortened).join(', ')}`;
    return finding(
      'fault',
      seen,
      'each server or cache has its own, or the object changes now: clients start over, or join versions',
    );
  }
  const dates = valuesOf(responses, 'last-modified');
  if (dates.length > 1) {
    const seen = `${dates.length} dates in ${responses.length} responses`;
    return finding('warning', seen, 'clients that resume by date start over');
  }
  if (tags.length === 1 && partial.some(({ fields }) => !fields.has('etag')))
    return finding('warning', 'a 206 has no ETag', "clients can't see which version a part is of");
  if (tags.length + dates.length === 0) return finding('fault', 'no validator', 'nothing names the version');
  return finding('ok', `the same in ${plural(responses.length, 'response')}`, 'all requests reach the same version');
}

/** A range of the current version (§13.1.5). */
export function checkIfRangeCurrent(evidence: Evidence): Finding {
  return judgeResponse(evidence, 'if-range-current', skippedTag(evidence), ({ status }) => {
    if (status === 206)
      return finding('ok', '206', 'clients that name their version, such as Chrome, go on where they stopped');
    if (status === 200)
      return finding('fault', '200', 'clients that name their version, such as Chrome, always start over');
    return finding('fault', `${status}`, 'clients that name their version, such as Chrome, fail');
  });
}

/** A range of a version that is gone. A 206 joins two versions. */
export function checkIfRangeOld(evidence: Evidence): Finding {
  const splice = 'after a change, clients join the old beginning and the new end without noticing';
  return judgeResponse(evidence, 'if-range-old', EMPTY, (response) => judgeOld(response, evidence, splice));
}

/** The same by date, as apt does. */
export function checkIfRangeDate(evidence: Evidence): Finding {
  const old = judgeResponse(evidence, 'if-range-old-date', EMPTY, (response) =>
    judgeOld(response, evidence, 'after a change, clients that resume by date, such as apt, join two versions'),
  );
  if (old.level === 'fault') return { ...old, seen: `an old date: ${old.seen}` };
  return judgeResponse(evidence, 'if-range-date', 'there is no Last-Modified', ({ status }) => {
    if (status === 206)
      return finding('ok', '206, an old date 200', 'clients that resume by date, such as apt, are safe');
    return finding('warning', `${status}`, 'clients that resume by date, such as apt, start over');
  });
}

function judgeOld(response: CheckResponse, evidence: Evidence, splice: string): Finding {
  const { status, fields, body } = response;
  if (status === 200) {
    if (!Buffer.from(evidence.first.body.subarray(0, body.length)).equals(body))
      return finding('fault', '200 with other bytes', 'a part is presented as the whole, or the object changes now');
    const { size } = evidence.subject;
    const length = fields.get('content-length');
    return length !== undefined && size !== undefined && Number(length) !== size
      ? finding('fault', `200 with ${length} of ${size} bytes`, 'a part is presented as the whole')
      : finding('ok', '200, the whole', 'after a change, clients start over with the new version');
  }
  if (status === 412) return finding('ok', '412', 'after a change, clients are told so, and start over');
  if (status === 206) return finding('fault', '206', splice);
  return finding('fault', `${status}`, 'after a change, clients fail instead of starting over');
}

/** A copy that is current (§13.1.2). */
export function checkIfNoneMatch(evidence: Evidence): Finding {
  return judgeResponse(evidence, 'if-none-match', 'there is no entity tag', (response) => {
    if (response.status !== 304)
      return finding('warning', `${response.status}`, 'clients and caches with a current copy get it again');
    const { tag } = evidence.subject;
    const sent = parseEntityTag(response.fields.get('etag') ?? '');
    return sent !== undefined && tag !== undefined && !weakEqual(sent, tag)
      ? finding('warning', '304 with another tag', 'caches give their copy a wrong version')
      : finding('ok', '304', 'a copy that is current is not sent again');
  });
}

/** A version that is gone (§13.1.1), as Firefox names it. */
export function checkIfMatch(evidence: Evidence): Finding {
  return judgeResponse(evidence, 'if-match-old', EMPTY, ({ status }) => {
    if (status === 206)
      return finding('warning', '206', 'clients that pin by If-Match, such as Firefox, join versions after a change');
    if (status === 200) return finding('warning', '200', 'If-Match is ignored, and the whole is sent');
    if (status !== 412)
      return finding('warning', `${status}`, 'clients that pin by If-Match, such as Firefox, see a failure');
    return judgeResponse(evidence, 'if-match-current', skippedTag(evidence), ({ status: current }) =>
      current === 206 || current === 200
        ? finding('ok', '412', 'clients that pin by If-Match, such as Firefox, learn of a change')
        : finding(
            'fault',
            `412, but ${current} for the current tag too`,
            'clients that pin by If-Match can not resume',
          ),
    );
  });
}

/** Whether compression in between spoils what identifies the bytes. */
export function checkCompression(evidence: Evidence): Finding {
  const { first, subject } = evidence;
  const coded = codingOf(first);
  if (coded !== undefined) {
    const seen = `${coded}, although it was not asked for`;
    return first.fields.has('content-length') && subject.tag?.weak === false
      ? finding('warning', seen, 'the object is stored so: its length and ranges are those of the compressed bytes')
      : finding('fault', seen, 'lengths and ranges are of bytes that are made anew for each request');
  }
  return judgeResponse(evidence, 'compressed', '', (response) => {
    const coding = codingOf(response);
    if (response.status !== 200)
      return finding('warning', `${response.status}`, 'browsers, which accept compression, fail');
    if (coding === undefined) return finding('ok', 'none', 'browsers, which accept it, get the same bytes as others');
    const tag = parseEntityTag(response.fields.get('etag') ?? '');
    if (tag !== undefined && subject.tag !== undefined && strongEqual(tag, subject.tag))
      return finding('fault', `${coding} with the same strong tag`, 'browsers may join compressed and plain bytes');
    const length = response.fields.has('content-length') ? '' : ' and without a length';
    const seen =
      tag === undefined || tag.weak
        ? `${coding} without a strong tag${length}`
        : `${coding} with a tag of its own${length}`;
    return finding(
      'warning',
      seen,
      'browsers, which accept it, start over after an interruption; no-transform prevents it',
    );
  });
}

/** @returns `undefined` for the stored bytes */
function codingOf({ fields }: CheckResponse): string | undefined {
  const coding = fields.get('content-encoding')?.toLowerCase();
  return coding === undefined || coding === 'identity' || coding === '' ? undefined : coding;
}

/** Whether the clocks agree, and the date is in the past (§8.8.2.1). */
export function checkClock({ exchanges, first, subject }: Evidence): Finding {
  const local = Math.floor((exchanges.first?.at ?? 0) / 1000);
  const date = parseHttpDate(first.fields.get('date') ?? '', local);
  if (date === undefined)
    return finding('warning', 'no Date', 'the age of a response, and the expiry of links, can not be told');
  // A cached response has the Date of its origin.
  const skew = date + Number(first.fields.get('age') ?? 0) - local;
  const modified = parseHttpDate(subject.date ?? '', local);
  if (Math.abs(skew) > MAX_SKEW) {
    const seen = `the server's clock is ${Math.abs(skew)} s ${skew < 0 ? 'behind' : 'ahead of'} this machine's`;
    return finding('warning', seen, 'links expire at another time than told, and dates compare wrongly');
  }
  if (modified !== undefined && modified > date)
    return finding('warning', 'Last-Modified is later than Date', 'clients must not use it to resume');
  return finding(
    'ok',
    `within ${MAX_SKEW} s`,
    modified === undefined ? 'there is no Last-Modified' : 'Last-Modified is before Date',
  );
}

/** The most that two clocks may differ, in seconds. */
const MAX_SKEW = 60;

function skippedTag({ subject }: Evidence): string {
  return subject.size === 0 ? EMPTY : NO_STRONG_TAG;
}

function valuesOf(responses: readonly CheckResponse[], name: string): readonly string[] {
  return [...new Set(responses.map(({ fields }) => fields.get(name)).filter((value) => value !== undefined))];
}

function shortened(text: string): string {
  return text.length > 48 ? `${text.slice(0, 47)}…` : text;
}
