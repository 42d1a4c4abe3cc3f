import type { ObjectName } from '../origin/objects.ts';
import type { Workload } from './workload.ts';

const KiB = 1024;
const MiB = 1024 ** 2;

/** Random ranges of one length. */
export function randomRanges(length: number, connections: number, object: ObjectName = 'large'): Workload {
  return {
    name: `range-${short(length)}-c${connections}${object === 'large' ? '' : `-${object}`}`,
    title: `ranges of ${long(length)}, ${clients(connections)}${of(object)}`,
    object,
    ask: { form: 'random', length },
    connections,
    status: 206,
    shows:
      length >= MiB
        ? ['mbPerSecond', 'firstByteP50', 'cpuPerGiB', 'peakRss']
        : ['requestsPerSecond', 'firstByteP50', 'firstByteP99', 'cpuPerThousand', 'storageRequests', 'peakRss'],
  };
}

/** What players and zip readers ask first. */
export const suffix: Workload = {
  name: 'suffix-64k-c8',
  title: 'the last 64 KiB, 8 clients',
  object: 'large',
  ask: { form: 'suffix', length: 64 * KiB },
  connections: 8,
  status: 206,
  shows: ['requestsPerSecond', 'firstByteP50', 'cpuPerThousand', 'storageRequests'],
};

/** Ten ranges in one answer, spread over the object. */
export function multipart(length: number, connections: number, object: ObjectName = 'large'): Workload {
  return {
    name: `multipart-10x${short(length)}-c${connections}${object === 'large' ? '' : `-${object}`}`,
    title: `10 ranges of ${long(length)} in one answer, ${clients(connections)}${of(object)}`,
    object,
    ask: { form: 'several', count: 10, length },
    connections,
    status: 206,
    shows: ['mbPerSecond', 'requestsPerSecond', 'firstByteP50', 'cpuPerGiB', 'storageRequests', 'peakRss'],
  };
}

/** A download goes on in the middle, if the object is still the same. */
export const resume: Workload = {
  name: 'resume-c8',
  title: 'the second half of 8 MiB with If-Range, 8 clients',
  object: 'medium',
  ask: { form: 'from', start: 4 * MiB },
  connections: 8,
  condition: 'if-range',
  status: 206,
  shows: ['mbPerSecond', 'firstByteP50', 'cpuPerGiB', 'storageRequests'],
};

function short(length: number): string {
  return length < KiB ? `${length}b` : length < MiB ? `${length / KiB}k` : `${length / MiB}m`;
}

function long(length: number): string {
  return length < KiB ? `${length} bytes` : length < MiB ? `${length / KiB} KiB` : `${length / MiB} MiB`;
}

function clients(count: number): string {
  return count === 1 ? '1 client' : `${count} clients`;
}

function of(object: ObjectName): string {
  return object === 'large' ? '' : `, ${object} object`;
}
