let waiting: (() => void)[] = [];

/**
 * Does work when the event loop has read what came from all connections, together with all other such work. Writing in
 * between wakes the other side for one answer at a time: of 64 KiB to 8 or 64 clients on this machine, as a proxy in
 * front is one, a quarter fewer a second.
 */
export function atEndOfTurn(work: () => void): void {
  waiting.push(work);
  if (waiting.length === 1) setImmediate(run);
}

function run(): void {
  const works = waiting;
  waiting = [];
  for (const work of works) work();
}
