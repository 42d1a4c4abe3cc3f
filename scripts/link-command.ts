/** Links the command into node_modules/.bin of a clone, so that `npx rangeway` runs it as the docs write it. */
import { existsSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const link = join(root, 'node_modules/.bin/rangeway');

// Windows needs a link of another kind; there, `node bin/rangeway.js` runs the command.
if (existsSync(join(root, '.git')) && process.platform !== 'win32') {
  rmSync(link, { force: true });
  symlinkSync('../../bin/rangeway.js', link);
}
