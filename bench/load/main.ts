/** The load generator's process, forked by the bench: takes jobs, replies to each with a result or an error. */
import { runJob } from './run-job.ts';
import { isLoadJob } from './messages.ts';

process.on('message', (message) => {
  if (!isLoadJob(message)) throw new TypeError('the message is not a job');
  runJob(message).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
process.send?.({ ready: true });
