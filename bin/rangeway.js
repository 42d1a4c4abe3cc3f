#!/usr/bin/env node
// Runs the compiled command, or, in a clone that is not built, its source. Plain JavaScript for any Node, so that an old
// one gets a sentence instead of a stack trace.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The oldest major version of Node that runs the package, and the oldest that runs its TypeScript. */
const OLDEST = 22;
const RUNS_TYPESCRIPT = 24;

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const source = path('../src/cli/main.ts');
const isClone = existsSync(path('../.git')) || !existsSync(path('../dist/cli/main.js'));
const major = Number.parseInt(process.versions.node, 10);

if (isClone && major < RUNS_TYPESCRIPT) {
  // A clone installs a Node of its own.
  const node = path('../node_modules/.bin/node');
  if (existsSync(node)) {
    const { status } = spawnSync(node, [source, ...process.argv.slice(2)], { stdio: 'inherit' });
    process.exit(status ?? 1);
  }
  refuse(`this is Node ${process.versions.node}; npm ci installs the one that this clone runs on`);
} else if (major < OLDEST) {
  refuse(`this is Node ${process.versions.node}, and rangeway needs Node ${OLDEST} or newer: nodejs.org has it`);
} else {
  await import(isClone ? '../src/cli/main.ts' : '../dist/cli/main.js');
}

function refuse(message) {
  process.stderr.write(`rangeway: ${message}\n`);
  process.exitCode = 2;
}
