// jwt.ts has an entry of its own, `rangeway/jwt`, because it loads jose.
export {
  ambient,
  type AccessNeeds,
  type AccessRequest,
  type AccessRule,
  type AccessVerdict,
  type Grant,
  type LinkQuota,
  type RefusalReason,
  type Refused,
} from './access.ts';
export { basicAccess, type BasicOptions, type BasicUser } from './basic.ts';
export { allOf, anyOf } from './combine.ts';
export { hookAccess } from './access.ts';
export { ipAccess } from './ip.ts';
export { generateLinkKey, parseLinkKeys, type LinkKey, type LinkKeys } from './link-key.ts';
export { stripLink } from './link-parameters.ts';
export type { LinkTerms } from './link-terms.ts';
export { publicAccess } from './access.ts';
export { refererAccess, type RefererOptions } from './referer.ts';
export { toRefusalResponse, type RefusalResponse } from './refusal.ts';
export { signedAccess } from './verify-link.ts';
export { signLink } from './sign-link.ts';
export { verifyLink, type LinkUse, type LinkVerdict } from './verify-link.ts';
