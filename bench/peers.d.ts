/**
 * Declares the used part of packages that only bench/package.json lists, so that types can be checked if they are not
 * installed.
 */
declare module 's3proxy' {
  import type { Agent, IncomingMessage, ServerResponse } from 'node:http';
  import type { Agent as SecureAgent } from 'node:https';

  export class S3Proxy {
    constructor(config: {
      readonly bucket: string;
      readonly endpoint: string;
      readonly region: string;
      readonly forcePathStyle: boolean;
      readonly requestHandler: { readonly httpAgent: Agent; readonly httpsAgent: SecureAgent };
    });
    init(): Promise<void>;
    middleware(): (req: IncomingMessage, res: ServerResponse) => Promise<void>;
  }
}
