import type { BenchObject } from '../origin/objects.ts';
import type { Ask } from './job.ts';

/** One request's Range field, and where the body that it gets begins in the object. */
export interface Asked {
  /** `undefined` where the whole is asked for. */
  readonly range: string | undefined;
  /** `undefined` where the body is not bytes of the object alone. */
  readonly start: number | undefined;
}

/** Draws what a request asks for. */
export function draw(ask: Ask, { size }: BenchObject): Asked {
  switch (ask.form) {
    case 'whole':
      return { range: undefined, start: 0 };
    case 'random': {
      const start = Math.floor(Math.random() * (size - ask.length + 1));
      return { range: `bytes=${start}-${start + ask.length - 1}`, start };
    }
    case 'from':
      return { range: `bytes=${ask.start}-`, start: ask.start };
    case 'suffix':
      return { range: `bytes=-${ask.length}`, start: size - ask.length };
    case 'several': {
      const share = Math.floor(size / ask.count);
      const ranges = Array.from({ length: ask.count }, (_, i) => {
        const start = i * share + Math.floor(Math.random() * (share - ask.length + 1));
        return `${start}-${start + ask.length - 1}`;
      });
      return { range: `bytes=${ranges.join(',')}`, start: undefined };
    }
  }
}

/** Bytes that an answer's body has at the least; of several ranges, without the text around them. */
export function leastLength(ask: Ask, { size }: BenchObject): number {
  switch (ask.form) {
    case 'whole':
      return size;
    case 'random':
    case 'suffix':
      return ask.length;
    case 'from':
      return size - ask.start;
    case 'several':
      return ask.count * ask.length;
  }
}
