/** A mistake in a command line, or in a file that it names. Printed in one line, without a stack trace. */
export interface UsageError extends Error {
  readonly name: 'UsageError';
}

/** Makes a {@link UsageError}. The message tells the mistake and what to write instead. */
export function usageError(message: string, cause?: unknown): UsageError {
  return Object.assign(new Error(message, { cause }), { name: 'UsageError' as const });
}

export const HELP = `rangeway: a download gateway for object storage

  rangeway dev     the Worker of wrangler.toml in workerd, with a local R2 bucket, or over S3
    --dir DIR        fill the bucket from DIR; keys are relative paths (default: samples made for a first look)
    --hidden         names that begin with a dot too, such as .env and .git
    --persist DIR    keep the bucket in DIR (default: .rangeway/dev)
    --config FILE    the Worker's wrangler.toml (default: ./wrangler.toml, else Rangeway's own)

  rangeway serve   the same gateway on Node, over a folder or over S3
    --dir DIR        the folder to serve
    --hidden         names that begin with a dot too, such as .env and .git
    --config FILE    settings and mounts as JSON, see docs/configuration.md

  rangeway lambda  the same gateway as a Lambda function over S3, behind a local function URL with Lambda's limits
    --mode M         buffered or stream (default: buffered)
    --overflow P     what does not fit: redirect, partial or refuse (default: redirect)

  rangeway config check [FILE]   what a configuration comes to, every default filled in, without secrets;
                                 with AWS_ACCESS_KEY_ID or AWS_PROFILE set, each S3 store is read once
    FILE             JSON as for serve --config, or a wrangler.toml (default: ./wrangler.toml)
    --env NAME       an environment of the wrangler.toml, such as s3

  rangeway sign URL --expires 2h   a link that opens URL until then; on stdout, and nothing else there
    --keys FILE      the keys, as keygen makes them (default: the variable RANGEWAY_KEYS)
    --key-id K       the key to sign with (default: the first)
    --not-before T   valid from T on, counted from now as --expires is: 90s, 30m, 2h, 7d
    --prefix         open every file below URL, which has to end in a slash
    --ip A           only for a client at A, an address or a CIDR block
    --filename NAME  what browsers save the file as
    --id ID          the download's id
    --rate N         bytes a second at the most; kept in the link, and not yet held to

  rangeway keygen  a new key for links; on stdout, as it stands in RANGEWAY_KEYS or a file of keys
    --key-id K       (default: k and the date)

  rangeway purge KEY --url URL   make the gateway at URL ask the storage again for KEY, see docs/caching.md;
                                 the token is in the variable RANGEWAY_PURGE_TOKEN

  dev, serve, lambda, over S3; credentials from the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY; serve, lambda: all that the SDK knows)
    --s3 BUCKET      the bucket to serve
    --endpoint URL   of a storage that is not AWS
    --region R       (default: AWS_REGION)
    --prefix P       put before every key, such as releases/
    --path-style     the bucket in the path; Ceph and MinIO mostly want it

  dev, serve, lambda
    --port N         the port to listen on (default: 8787); 0 takes any that is free
    --host H         the address to listen on (default: 127.0.0.1)

  rangeway --help, rangeway --version
`;
