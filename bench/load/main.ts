/** The load generator as a process of its own, forked: a job a message, a result or an error back; ends with its parent. */
import { runJob } from './run-job.ts';
import { isLoadJob } from './messages.ts';

process.on('message', (message) => {
  if (!isLoadJob(message)) throw new TypeError('that is no job');
  runJob(message).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
process.send?.({ ready: true });
