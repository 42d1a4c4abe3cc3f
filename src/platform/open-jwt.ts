import type { AccessRule } from '../access/index.ts';
import { jwtAccess, type JwtKey } from '../access/jwt.ts';
import type { JwtConfig } from '../config/access-config.ts';

/** Makes a rule of tokens. A file of its own, so that only who imports it carries jose. */
export function openJwt({ type: _type, key, ...options }: JwtConfig, secret: (name: string) => string): AccessRule {
  return jwtAccess({ ...options, key: openKey(key, secret) });
}

function openKey(key: JwtConfig['key'], secret: (name: string) => string): JwtKey {
  switch (key.type) {
    case 'secret':
      return { ...key, secret: secret(key.secret) };
    case 'public':
      return { ...key, pem: secret(key.pem) };
    case 'jwks':
      return key;
  }
}
