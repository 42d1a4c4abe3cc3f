import { env } from 'cloudflare:workers';
import { createGateway } from '../../../../src/gateway/gateway.ts';
import { nativeConduit } from '../../../../src/platform/native-conduit.ts';
import { r2Store } from '../../../../src/store/drivers/r2.ts';

/** Rangeway without its log line: what the line costs is the difference to the Worker that is deployed. */
export default createGateway({ store: r2Store(env.BUCKET), conduit: nativeConduit, log: () => undefined });
