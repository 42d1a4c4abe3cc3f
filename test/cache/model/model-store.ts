import { strongTag, type Representation } from '../../../src/http/index.ts';
import type { ObjectStore } from '../../../src/store/object-store.ts';
import { evaluateRead } from '../../../src/store/evaluate-read.ts';
import { storeError } from '../../../src/store/store-error.ts';
import { modelBody, randomScript, toStream, type Ending, type ModelBody } from './model-body.ts';
import type { Turns } from './turns.ts';

/** One version of the object. */
export interface Version {
  readonly bytes: Uint8Array;
  readonly representation: Representation;
}

export interface ModelStoreOptions {
  /** The first one is current at the start. */
  readonly versions: readonly Version[];
  /** Whether replaced versions can be read by their version id. */
  readonly keepsVersions: boolean;
  readonly blockSize: number;
  /** How its bodies end. */
  readonly endings: readonly Ending[];
  /** Whether its calls fail at random. */
  readonly isFailing: boolean;
}

/** A storage with one object, which is replaced while clients read it. */
export interface ModelStore extends ObjectStore {
  /** All bodies that it has opened. */
  readonly bodies: readonly ModelBody[];
  current(): number;
  replace(): void;
  /** Ends all faults. */
  heal(): void;
}

/** Creates a version whose bytes differ from those of each other version at each position. */
export function makeVersion(number: number, size: number, isNamed: boolean): Version {
  const bytes = Uint8Array.from({ length: size }, (_, at) => number + 8 * (at % 31));
  const etag = strongTag(`v${number}`);
  return { bytes, representation: { size, etag, version: isNamed ? String(number) : undefined } };
}

/** Creates a storage. */
export function modelStore(turns: Turns, options: ModelStoreOptions): ModelStore {
  const { versions, keepsVersions, blockSize } = options;
  const { random, wait } = turns;
  const bodies: ModelBody[] = [];
  let { isFailing, endings } = options;
  let current = 0;

  async function find(name: string | undefined): Promise<Version> {
    await wait(random.below(4));
    if (isFailing && random.oneIn(10)) throw storeError(random.pick(['unavailable', 'throttled']), 'it failed');
    const version = versions[name === undefined || !keepsVersions ? current : Number(name)];
    if (version === undefined) throw new Error('there is no such version');
    return version;
  }

  return {
    bodies,
    current: () => current,
    replace: () => {
      if (current < versions.length - 1) current++;
    },
    heal() {
      endings = ['whole'];
      isFailing = false;
    },
    async head() {
      const { representation } = await find(undefined);
      await wait(random.below(3));
      return representation;
    },
    async read(_, asked = {}) {
      const { bytes, representation } = await find(asked.version);
      const evaluation = evaluateRead(representation, asked);
      await wait(random.below(4));
      switch (evaluation.type) {
        case 'version-changed':
          return random.oneIn(2) ? evaluation : { type: 'version-changed' };
        case 'unmodified':
          return random.oneIn(2) ? evaluation : { type: 'unmodified' };
        case 'unsatisfiable':
          return random.oneIn(2) ? evaluation : { type: 'unsatisfiable' };
        case 'span': {
          const { span } = evaluation;
          const body = modelBody(turns, randomScript(turns, bytes.subarray(span.start, span.end), blockSize, endings));
          bodies.push(body);
          return { type: 'open', representation, span, body: toStream(body, random.oneIn(2)) };
        }
      }
    },
  };
}
