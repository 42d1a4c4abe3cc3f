import { unstable_readConfig } from 'wrangler';

/**
 * The variables of a wrangler.toml. Secrets are not among them: they are kept where the Worker is deployed.
 *
 * @param env an environment of it, such as `s3`
 * @throws wrangler's error where the file can't be read
 */
export function readVariables(config: string, env: string | undefined): Readonly<Record<string, unknown>> {
  return unstable_readConfig({ config, ...(env === undefined ? {} : { env }) }, { hideWarnings: true }).vars;
}
