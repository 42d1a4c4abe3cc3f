import { indexedBucket } from '../s3/indexed-bucket.ts';
import { readEnvironment } from './environment.ts';
import { queueHandler, type QueueHandler } from './queued-events.ts';

// Read when the module is loaded, so that a wrong environment fails the first invocation after a deployment.
const { bucket, access } = readEnvironment(process.env);
// As other variables, an empty one counts as not set.
const [indexBucket, prefix] = [process.env['RANGEWAY_PIECES_BUCKET'], process.env['RANGEWAY_PIECES_PREFIX']].map(
  (value) => (value === '' ? undefined : value),
);

/** The handler of the function that builds piece indexes: it is invoked by the queue of the bucket's events. */
export const indexHandler: QueueHandler = queueHandler(
  indexedBucket({ bucket, access }, { bucket: indexBucket, prefix }),
);
