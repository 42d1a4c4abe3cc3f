import type { BenchObject } from '../origin/objects.ts';
import type { RequestPattern } from './job.ts';

/** The Range field of one request, and the position in the object at which the body of its response starts. */
export interface RangeRequest {
  /** `undefined` for the whole object. */
  readonly range: string | undefined;
  /** `undefined` if the body is multipart. */
  readonly start: number | undefined;
}

/** Makes the next request of a pattern; random positions are uniform over the object. */
export function nextRequest(pattern: RequestPattern, { size }: BenchObject): RangeRequest {
  switch (pattern.form) {
    case 'whole':
      return { range: undefined, start: 0 };
    case 'random': {
      const start = Math.floor(Math.random() * (size - pattern.length + 1));
      return { range: `bytes=${start}-${start + pattern.length - 1}`, start };
    }
    case 'from':
      return { range: `bytes=${pattern.start}-`, start: pattern.start };
    case 'suffix':
      return { range: `bytes=-${pattern.length}`, start: size - pattern.length };
    case 'several': {
      const share = Math.floor(size / pattern.count);
      const ranges = Array.from({ length: pattern.count }, (_, i) => {
        const start = i * share + Math.floor(Math.random() * (share - pattern.length + 1));
        return `${start}-${start + pattern.length - 1}`;
      });
      return { range: `bytes=${ranges.join(',')}`, start: undefined };
    }
  }
}

/** Minimum length of a response's body in bytes; for several ranges, without the part headers and boundaries. */
export function minBodyLength(pattern: RequestPattern, { size }: BenchObject): number {
  switch (pattern.form) {
    case 'whole':
      return size;
    case 'random':
    case 'suffix':
      return pattern.length;
    case 'from':
      return size - pattern.start;
    case 'several':
      return pattern.count * pattern.length;
  }
}
