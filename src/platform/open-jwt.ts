import type { AccessRule } from '../access/index.ts';
import { jwtAccess, type JwtKey } from '../access/jwt.ts';
import type { JwtConfig } from '../config/access-config.ts';
import { withSettingName } from '../config/schema.ts';

/**
 * Creates the rule of a `jwt` configuration. It has a file of its own, so that only bundles that import it contain
 * jose.
 *
 * @param secret returns the value of a variable or secret
 * @throws SettingsError if a key is missing or invalid
 */
export function openJwt({ type: _type, key, ...options }: JwtConfig, secret: (name: string) => string): AccessRule {
  return jwtAccess({ ...options, key: openKey(key, secret) });
}

function openKey(key: JwtConfig['key'], secret: (name: string) => string): JwtKey {
  switch (key.type) {
    case 'secret':
      return { ...key, secret: withSettingName('key.secret', () => secret(key.secret)) };
    case 'public':
      return { ...key, pem: withSettingName('key.pem', () => secret(key.pem)) };
    case 'jwks':
      return key;
  }
}
