/**
 * The speed and memory of `rangeway index` beside `sha256sum`, on the same file: `npm run test:indexing`, or with another
 * size in MiB, `npm run test:indexing -- 256`. Asserts the memory and the digest; the rates are told.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { decodePieceIndex, pieceIndexKey } from '../../src/digests/piece-index.ts';
import { mib } from './figures.ts';

const MiB = 1024 * 1024;
const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');

/** Runs of each program, in turns, so that a busy moment meets both. */
const ROUNDS = 3;

/** The most memory that the command may take, in bytes. */
const MAX_RSS = 150 * MiB;

/** A program that has ended. */
interface Ended {
  readonly out: string;
  readonly seconds: number;
  /** The most memory that it had, in bytes. */
  readonly rss: number;
}

/** Runs a program, and looks at its memory until it ends. */
async function runProgram(program: string, ...args: readonly string[]): Promise<Ended> {
  const started = performance.now();
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (text: Buffer) => (out += text.toString()));
  let rss = 0;
  const timer = setInterval(() => (rss = Math.max(rss, peakOf(child.pid))), 20);
  const [code] = await once(child, 'close');
  clearInterval(timer);
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
  return { out, seconds: (performance.now() - started) / 1_000, rss };
}

/** The most memory that a process had so far, in bytes; 0 if it has ended. */
function peakOf(pid = 0): number {
  try {
    return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Writes a file of random bytes, whose pieces all differ. */
function writeFileOf(path: string, mebibytes: number): void {
  const file = openSync(path, 'w');
  const chunk = randomBytes(MiB);
  for (let i = 0; i < mebibytes; i++) {
    chunk.writeUInt32BE(i);
    writeSync(file, chunk);
  }
  closeSync(file);
}

const mebibytes = Number(process.argv[2] ?? 1_024);
const folder = mkdtempSync(join(tmpdir(), 'rangeway-indexing-'));
let isGood = true;
try {
  const path = join(folder, 'file.bin');
  writeFileOf(path, mebibytes);
  const index = join(folder, await pieceIndexKey('file.bin'));
  const [ours, theirs]: [Ended[], Ended[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    theirs.push(await runProgram('sha256sum', path));
    rmSync(index, { force: true });
    ours.push(await runProgram(process.execPath, MAIN, 'index', '--dir', folder));
  }
  const built = await decodePieceIndex(new Uint8Array(readFileSync(index)));
  const sum = Buffer.from(built?.sha256 ?? []).toString('hex');
  const [best, reference] = [ours, theirs].map((runs) => mebibytes / Math.min(...runs.map(({ seconds }) => seconds)));
  const rss = Math.max(...ours.map((run) => run.rss));
  const ratio = (best ?? 0) / (reference ?? 1);
  console.log(`${mebibytes} MiB, the best of ${ROUNDS}: rangeway index ${best?.toFixed(0)} MiB/s, its start included;`);
  console.log(`sha256sum ${reference?.toFixed(0)} MiB/s; ratio ${ratio.toFixed(2)} (0.50 wanted, on an idle machine)`);
  const isTrue = theirs.every(({ out }) => out.startsWith(`${sum} `));
  isGood = rss <= MAX_RSS && isTrue;
  console.log(`memory: at most ${mib(rss)} MiB of ${mib(MAX_RSS)} allowed; the digest is ${isTrue ? 'true' : 'WRONG'}`);
} finally {
  rmSync(folder, { recursive: true });
}
console.log(isGood ? '1 passed, 0 failed' : '0 passed, 1 failed');
process.exit(isGood ? 0 : 1);
