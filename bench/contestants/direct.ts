import type { Contestant } from './contestant.ts';

/** The storage without a gateway: the upper limit of load generator and storage. */
export const direct: Contestant = {
  name: 'direct',
  role: 'limit',
  async start({ storage }) {
    const { port, pid = process.pid, bucket } = storage;
    return { port, pid, path: (key) => `/${bucket}/${key}`, stop: async () => undefined };
  },
};
