// Separate from rangeway/node, so that a command that only signs links does not load a store.
export {
  generateLinkKey,
  parseLinkKeys,
  signLink,
  verifyLink,
  type LinkKey,
  type LinkKeys,
  type LinkTerms,
} from '../access/index.ts';
