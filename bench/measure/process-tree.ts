import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** Ticks per second of utime and stime: USER_HZ, the same on every Linux that Node runs on. */
const TICKS = 100;

interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  /** utime + stime, in seconds. */
  readonly cpu: number;
}

/** Lists a process and its living descendants. */
export function processTree(root: number): readonly ProcessStat[] {
  const all = readdirSync('/proc').flatMap((entry) => (/^\d+$/.test(entry) ? (readStat(Number(entry)) ?? []) : []));
  const tree = all.filter(({ pid }) => pid === root);
  // The list grows during the iteration, so that children of added processes are added too.
  for (const { pid } of tree) tree.push(...all.filter(({ parent }) => parent === pid));
  return tree;
}

function readStat(pid: number): ProcessStat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const close = text.lastIndexOf(')');
    // proc(5): the fields from the third on; the name before may have spaces and parentheses.
    const fields = text.slice(close + 2).split(' ');
    const name = text.slice(text.indexOf('(') + 1, close);
    return { pid, parent: Number(fields[1]), name, cpu: (Number(fields[11]) + Number(fields[12])) / TICKS };
  } catch {
    // The process has just ended.
    return undefined;
  }
}

/** CPU time, user and system, of a process and its living descendants, in seconds. */
export function cpuSeconds(root: number): number {
  return processTree(root).reduce((sum, { cpu }) => sum + cpu, 0);
}

/** Peak of resident memory since {@link resetPeak}, the sum over the process tree; in bytes. */
export function peakRss(root: number): number {
  return processTree(root).reduce((sum, { pid }) => {
    const match = /VmHWM:\s*(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
    return sum + Number(match?.[1] ?? 0) * 1024;
  }, 0);
}

/** Resets the peak of resident memory of a process tree: proc(5), clear_refs. */
export function resetPeak(root: number): void {
  for (const { pid } of processTree(root)) writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** Pins all threads of a process tree to one core. */
export function pin(root: number, core: number): void {
  for (const { pid } of processTree(root)) execFileSync('taskset', ['-a', '-c', '-p', String(core), String(pid)]);
}
