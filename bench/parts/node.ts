import { direct } from '../contestants/direct.ts';
import { nginxProxy, nginxSlice } from '../contestants/nginx.ts';
import {
  rangewayCached,
  rangewayDisk,
  rangewayDiskMemory,
  rangewayNode,
  rangewayParallel,
  rangewayParallelCached,
} from '../contestants/rangeway.ts';
import { rclone } from '../contestants/rclone.ts';
import { s3proxy } from '../contestants/s3proxy.ts';
import { downloads } from '../workloads/downloads.ts';
import { randomRanges } from '../workloads/ranges.ts';
import { wholeCold, wholeLarge, wholeMedium } from '../workloads/whole.ts';
import type { ServerPart } from './part.ts';

const KiB = 1024;

/** Gateways over S3 on Node and natively. */
export const node: ServerPart = {
  type: 'servers',
  name: 'node',
  title: 'Node over S3',
  storage: 'fast',
  contestants: [direct, nginxProxy, nginxSlice('1m'), s3proxy, rclone, rangewayNode, rangewayCached, rangewayDisk],
  workloads: downloads,
};

/** Caches on disk alone, warm. */
export const disk: ServerPart = {
  type: 'servers',
  name: 'disk',
  title: 'Node, out of a warm cache on disk',
  storage: 'fast',
  contestants: [nginxSlice('1m'), rangewayDisk, rangewayDiskMemory],
  workloads: [
    wholeLarge,
    ...[1, 8, 64].flatMap((clients) => [randomRanges(64 * KiB, clients), randomRanges(16, clients)]),
  ],
};

/** The same over Ceph's RADOS gateway, a real S3 server: what it needs for a request is part of each figure. */
export const ceph: ServerPart = {
  type: 'servers',
  name: 'ceph',
  title: "Node over Ceph's RADOS gateway",
  storage: 'ceph',
  contestants: [direct, nginxProxy, s3proxy, rclone, rangewayNode],
  workloads: [wholeMedium, randomRanges(64 * KiB, 8, 'medium'), randomRanges(16, 8, 'medium')],
};

/** One client and a storage far away: 60 ms to the first byte, 90 MB/s a connection. */
export const far: ServerPart = {
  type: 'servers',
  name: 'far',
  title: 'One client, a storage far away (60 ms to the first byte, 90 MB/s a connection)',
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
