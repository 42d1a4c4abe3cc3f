import {
  allOf,
  anyOf,
  basicAccess,
  ipAccess,
  parseLinkKeys,
  publicAccess,
  refererAccess,
  signedAccess,
  type AccessRule,
  type BasicUser,
} from '../access/index.ts';
import type { AccessConfig, JwtConfig } from '../config/access-config.ts';
import { settingsError } from '../base/settings-error.ts';
import { withSettingName } from '../config/schema.ts';

/** The functions of the platform that access rules need. */
export interface AccessParts {
  /** Returns the value of a variable or secret; `undefined` if it is not set. */
  readonly secret: (name: string) => string | undefined;
  /** Creates a `jwt` rule. If absent, a configuration with such a rule is refused: the bundle then needs no jose. */
  readonly jwt?: ((config: JwtConfig, secret: (name: string) => string) => AccessRule) | undefined;
}

/**
 * Creates the access rule that a configuration describes.
 *
 * @returns `undefined` for `public`
 * @throws SettingsError if a secret is missing or a value is invalid
 */
export function openAccess(config: AccessConfig, parts: AccessParts): AccessRule | undefined {
  return config === 'public' ? undefined : openRule(config, parts);
}

function openRule(config: AccessConfig, parts: AccessParts): AccessRule {
  if (config === 'public') return publicAccess();
  const secret = (name: string) => {
    const value = parts.secret(name);
    if (value === undefined || value === '') throw settingsError(`${name} is to hold a secret, and is not set`);
    return value;
  };
  const rule = (member: AccessConfig, i: number) => withSettingName(`rules.${i}`, () => openRule(member, parts));
  switch (config.type) {
    case 'signed':
      return signedAccess(withSettingName('keys', () => parseLinkKeys(secret(config.keys))));
    case 'basic': {
      const users = withSettingName('users', () => parseUsers(config.users, secret(config.users)));
      return basicAccess({ realm: config.realm, users });
    }
    case 'ip':
      return ipAccess(config.blocks);
    case 'referer':
      return refererAccess(config);
    case 'jwt':
      if (parts.jwt === undefined) throw settingsError('this Worker knows no "jwt"; docs/rules.md says which does');
      return parts.jwt(config, secret);
    case 'anyOf': {
      const [first, ...others] = config.rules;
      return anyOf(rule(first, 0), ...others.map((member, i) => rule(member, i + 1)));
    }
    case 'allOf': {
      const [first, ...others] = config.rules;
      return allOf(rule(first, 0), ...others.map((member, i) => rule(member, i + 1)));
    }
  }
}

/** Parses `name:password`, one user a line. */
function parseUsers(variable: string, text: string): readonly BasicUser[] {
  return text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const colon = line.indexOf(':');
      if (colon < 1) throw settingsError(`${variable} takes name:password, one a line`);
      return { name: line.slice(0, colon), password: line.slice(colon + 1) };
    });
}
