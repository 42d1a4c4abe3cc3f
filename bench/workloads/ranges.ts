import type { ObjectName } from '../origin/objects.ts';
import type { Workload } from './workload.ts';

const KiB = 1024;
const MiB = 1024 ** 2;

/**
 * Random ranges of one length.
 *
 * @param length in bytes
 */
export function randomRanges(length: number, connections: number, object: ObjectName = 'large'): Workload {
  return {
    name: `range-${short(length)}-c${connections}${object === 'large' ? '' : `-${object}`}`,
    title: `ranges of ${long(length)}, ${clients(connections)}${of(object)}`,
    object,
    pattern: { form: 'random', length },
    connections,
    status: 206,
    shows:
      length >= MiB
        ? ['mbPerSecond', 'firstByteP50', 'cpuPerGiB', 'peakRss']
        : ['requestsPerSecond', 'firstByteP50', 'firstByteP99', 'cpuPerThousand', 'storageRequests', 'peakRss'],
  };
}

/** The first request of video players and zip readers. */
export const suffix: Workload = {
  name: 'suffix-64k-c8',
  title: 'the last 64 KiB, 8 clients',
  object: 'large',
  pattern: { form: 'suffix', length: 64 * KiB },
  connections: 8,
  status: 206,
  shows: ['requestsPerSecond', 'firstByteP50', 'cpuPerThousand', 'storageRequests'],
};

/**
 * Ten ranges in one multipart response, spread over the object.
 *
 * @param length of each range, in bytes
 */
export function multipart(length: number, connections: number, object: ObjectName = 'large'): Workload {
  return {
    name: `multipart-10x${short(length)}-c${connections}${object === 'large' ? '' : `-${object}`}`,
    title: `10 ranges of ${long(length)} in one response, ${clients(connections)}${of(object)}`,
    object,
    pattern: { form: 'several', count: 10, length },
    connections,
    status: 206,
    shows: ['mbPerSecond', 'requestsPerSecond', 'firstByteP50', 'cpuPerGiB', 'storageRequests', 'peakRss'],
  };
}

/** A download that continues in the middle, if the object is unchanged. */
export const resume: Workload = {
  name: 'resume-c8',
  title: 'the second half of 8 MiB with If-Range, 8 clients',
  object: 'medium',
  pattern: { form: 'from', start: 4 * MiB },
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
