import type { Contestant } from './contestant.ts';

/** The storage itself, asked without any gateway: what the load generator and the storage can do together. */
export const direct: Contestant = {
  name: 'direct',
  role: 'limit',
  async start({ storage }) {
    const { port, pid = process.pid, bucket } = storage;
    return { port, pid, path: (key) => `/${bucket}/${key}`, stop: async () => undefined };
  },
};
