import type { AccessConfig } from './access-config.ts';
import type { Config } from './config.ts';

/** Lists the variables that the access rule of a mount reads secrets from. */
export function secretsOfRule(access: AccessConfig): readonly string[] {
  if (access === 'public') return [];
  switch (access.type) {
    case 'signed':
      return [access.keys];
    case 'basic':
      return [access.users];
    case 'jwt':
      return access.key.type === 'jwks' ? [] : [access.key.type === 'secret' ? access.key.secret : access.key.pem];
    case 'anyOf':
    case 'allOf':
      return access.rules.flatMap(secretsOfRule);
    case 'ip':
    case 'referer':
      return [];
  }
}

/** Lists the variables that a configuration reads secrets from, each once. */
export function secretNames({ purge, admin, log, transfers, mounts }: Config): readonly string[] {
  const names = [
    ...(purge === undefined ? [] : [purge.token]),
    ...(admin === undefined ? [] : [admin.token]),
    ...(log.secret === undefined ? [] : [log.secret]),
    ...(transfers?.secret === undefined ? [] : [transfers.secret]),
    ...mounts.flatMap(({ access }) => secretsOfRule(access)),
  ];
  return [...new Set(names)];
}
