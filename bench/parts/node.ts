import { direct } from '../contestants/direct.ts';
import { nginxProxy, nginxSlice } from '../contestants/nginx.ts';
import {
  rangewayAgain,
  rangewayCached,
  rangewayDisk,
  rangewayDiskMemory,
  rangewayNode,
  rangewayParallel,
  rangewayParallelCached,
  rangewayTransfers,
} from '../contestants/rangeway.ts';
import { rclone } from '../contestants/rclone.ts';
import { s3proxy } from '../contestants/s3proxy.ts';
import { downloads } from '../workloads/downloads.ts';
import { randomRanges } from '../workloads/ranges.ts';
import { wholeCold, wholeLarge, wholeMedium } from '../workloads/whole.ts';
import type { ServerPart } from './part.ts';

const KiB = 1024;

/** Gateways over S3: Rangeway and s3proxy on Node, nginx and rclone as native programs. */
export const node: ServerPart = {
  type: 'servers',
  name: 'node',
  title: 'Node over S3',
  storage: 'fast',
  contestants: [direct, nginxProxy, nginxSlice('1m'), s3proxy, rclone, rangewayNode, rangewayCached, rangewayDisk],
  workloads: downloads,
};

/** Small ranges with the state of downloads in a SQLite file, without it, and without again (the noise of the machine). */
export const transfers: ServerPart = {
  type: 'servers',
  name: 'transfers',
  title: 'Node over S3, with the state of downloads',
  storage: 'fast',
  contestants: [rangewayAgain, rangewayNode, rangewayTransfers],
  workloads: [1, 8, 64].flatMap((clients) => [randomRanges(64 * KiB, clients), randomRanges(16, clients)]),
};

/** Warm caches on disk. */
export const disk: ServerPart = {
  type: 'servers',
  name: 'disk',
  title: 'Node, from a warm cache on disk',
  storage: 'fast',
  contestants: [nginxSlice('1m'), rangewayDisk, rangewayDiskMemory],
  workloads: [
    wholeLarge,
    ...[1, 8, 64].flatMap((clients) => [randomRanges(64 * KiB, clients), randomRanges(16, clients)]),
  ],
};

/** Gateways over Ceph's RADOS gateway, a real S3 server: its own time per request is part of each figure. */
export const ceph: ServerPart = {
  type: 'servers',
  name: 'ceph',
  title: "Node over Ceph's RADOS gateway",
  storage: 'ceph',
  contestants: [direct, nginxProxy, s3proxy, rclone, rangewayNode],
  workloads: [wholeMedium, randomRanges(64 * KiB, 8, 'medium'), randomRanges(16, 8, 'medium')],
};

/** One client and a distant storage: 60 ms to the first byte, 90 MB/s per connection. */
export const far: ServerPart = {
  type: 'servers',
  name: 'far',
  title: 'One client, a distant storage (60 ms to the first byte, 90 MB/s per connection)',
  storage: 'shaped',
  contestants: [
    direct,
    nginxProxy,
    nginxSlice('1m'),
    nginxSlice('8m'),
    rangewayNode,
    rangewayCached,
    rangewayDisk,
    rangewayParallel,
    rangewayParallelCached,
  ],
  workloads: [wholeCold, randomRanges(64 * KiB, 8)],
};
