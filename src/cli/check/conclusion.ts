import type { CheckName, NamedFinding } from './checks.ts';
import type { Evidence } from './evidence.ts';

/** The conclusion of all verdicts. */
export interface Conclusion {
  /** Whether a download can be resumed without the risk of joining two versions. */
  readonly isResumable: boolean;
  /** The ways in which a client can name its version, and whether each of them works. */
  readonly clients: {
    /** By If-Range with the tag, as Chrome does. */
    readonly ifRange: boolean;
    /** By If-Match, as Firefox does. */
    readonly ifMatch: boolean;
    /** By If-Range with Last-Modified, as apt does. */
    readonly date: boolean;
  };
  /** One sentence for people. */
  readonly sentence: string;
}

/**
 * The checks that a resumed download depends on, with the sentence for a fault, in the order of their weight. Without
 * strong tag, or without the whole as the response to a stale If-Range, versions may be joined.
 */
const NEEDED = [
  ['range', 'No: ranges are not answered as they should be, so an interrupted download starts over or breaks.'],
  [
    'open-range',
    'No: the rest of an object is not answered as it should be, so an interrupted download starts over or breaks.',
  ],
  ['entity-tag', 'Not safely: there is no strong tag'],
  ['same-version', 'Not safely: the requests name different versions'],
  [
    'if-range-old',
    'Not safely: a stale If-Range is not answered with the whole, so clients such as Chrome may join two versions after a change',
  ],
  ['compression', 'Not safely: compression in between changes the bytes, and not what names them'],
  [
    'if-range-date',
    'Not safely: a stale date in If-Range is not answered with the whole, so clients such as apt may join two versions after a change',
  ],
  [
    'if-range',
    'Not by clients that name their version, such as Chrome: If-Range with the current tag does not get the range',
  ],
] as const satisfies readonly (readonly [CheckName, string])[];

const UNPINNED = 'curl -C -, wget -c and aria2 name no version, and never notice a change';

/** Says whether, and with which clients, a download can be resumed safely. Pure. */
export function conclude({ subject }: Evidence, findings: readonly NamedFinding[]): Conclusion {
  const levels = new Map(findings.map(({ name, level }) => [name, level]));
  const isOk = (name: CheckName) => levels.get(name) === 'ok';
  const isRanged = levels.get('range') !== 'fault' && levels.get('open-range') !== 'fault';
  const isSame = levels.get('same-version') !== 'fault';
  const clients = {
    ifRange: isRanged && isSame && isOk('entity-tag') && isOk('if-range') && isOk('if-range-old'),
    ifMatch: isRanged && isSame && isOk('entity-tag') && isOk('if-match-old'),
    date: isRanged && isOk('if-range-date'),
  };
  if (subject.size === 0) {
    const sentence = 'The object is empty, so nothing of it can be resumed: check a larger one.';
    return { isResumable: false, clients: { ifRange: false, ifMatch: false, date: false }, sentence };
  }
  const fault = NEEDED.find(([name]) => levels.get(name) === 'fault');
  if (fault !== undefined) {
    const [, text] = fault;
    return { isResumable: false, clients, sentence: text.endsWith('.') ? text : `${text}; ${remaining(clients)}.` };
  }
  return { isResumable: true, clients, sentence: `Yes, safely, by ${named(clients)}; ${UNPINNED}.` };
}

function remaining(clients: Conclusion['clients']): string {
  const { ifRange, ifMatch, date } = clients;
  return ifRange || ifMatch || date ? `safe are only ${named(clients)}` : 'no client is safe';
}

function named({ ifRange, ifMatch, date }: Conclusion['clients']): string {
  const ways = [
    ...(ifRange ? ['If-Range with the tag (Chrome)'] : []),
    ...(ifMatch ? ['If-Match (Firefox)'] : []),
    ...(date ? ['If-Range with the date (apt)'] : []),
  ];
  return `clients that send ${ways.join(', ').replace(/, ([^,]*)$/, ' or $1')}`;
}
