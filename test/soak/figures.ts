import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The memory and CPU time of a process, from /proc. */
export interface Figures {
  /** Resident set, in bytes. */
  readonly rss: number;
  readonly sockets: number;
  /** CPU time, in seconds. */
  readonly cpu: number;
}

/** Clock ticks a second, as proc(5) counts CPU time. */
const TICKS = 100;

/** Looks at a process that runs. */
export function figuresOf(pid: number): Figures {
  const kib = Number(/^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  // After the name, which may hold anything: utime and stime are the 14th and 15th field.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return {
    rss: kib * 1024,
    sockets: readdirSync(`/proc/${pid}/fd`).filter((fd) => isSocket(`/proc/${pid}/fd/${fd}`)).length,
    cpu: (Number(fields[11]) + Number(fields[12])) / TICKS,
  };
}

function isSocket(path: string): boolean {
  try {
    return readlinkSync(path).startsWith('socket:');
  } catch {
    return false;
  }
}

/** The children of this process that run a program of this name. */
export function childrenNamed(name: string): readonly number[] {
  const tasks = readdirSync('/proc/self/task');
  const children = tasks.flatMap((task) => readFileSync(`/proc/self/task/${task}/children`, 'utf8').trim().split(' '));
  return children.filter((pid) => pid !== '' && readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === name).map(Number);
}

/** In MiB, with one digit after the point. */
export function mib(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}
