import { ConfigSchema } from '../../src/config/config.ts';
import { accessSchema, jwtKeySchema } from '../../src/config/access-config.ts';
import { cacheSchema } from '../../src/config/cache-config.ts';
import { locationEntries, settingsEntries } from '../../src/config/settings.ts';
import { storeSchema } from '../../src/config/store-config.ts';
import { TransfersSchema } from '../../src/config/transfers-config.ts';
import { PLATFORM_TYPES, PLATFORMS } from '../../src/platform/checked-config.ts';
import { page, table, type ReferencePage } from './page.ts';
import { printPlatforms, settingsOf, typesOf, type Setting, type TableType } from './settings.ts';

/** A mount, as the list `mounts` has it. */
const mountSchema = ConfigSchema.entries.mounts.wrapped.item;

/** Fields that a mount has too, and that are described with those of mounts. */
const SHARED = [...Object.keys(settingsEntries), 'access', 'pieces', 'overflow'];

/** Fields that only a mount has, or that mean something else there. */
const OF_MOUNT = [...Object.keys(locationEntries), 'store', 'fallback', 'prefix', 'cache', 'transfers'];

function fields(settings: readonly Setting[]): string {
  return table(
    ['field', 'value', 'default', 'on', 'meaning'],
    settings.map(({ path, takes, byDefault, platforms, text }) => [`\`${path}\``, takes, byDefault, platforms, text]),
  );
}

/** Prints the types of a table with their fields, each type with the platforms that have it. */
function types(all: readonly TableType[], platformsOf: (type: string) => string = () => ''): string {
  const rows = all.flatMap(({ type, text: purpose, fields: own }) => [
    [`\`"${type}"\``, platformsOf(type), '', '', '', purpose],
    ...own.map(({ path, takes, byDefault, text }) => ['', '', `\`${path}\``, takes, byDefault, text]),
  ]);
  return table(['type', 'on', 'field', 'value', 'default', 'meaning'], rows);
}

function platformsWith(field: 'store' | 'fallback' | 'cache' | 'transfers.store', type: string): string {
  return printPlatforms(PLATFORMS.filter((platform) => PLATFORM_TYPES[platform][field].includes(type)));
}

/** Platforms with a type as a store, and those with it as a fallback alone. */
function platformsOfStore(type: string): string {
  const first = platformsWith('store', type);
  const replicas = PLATFORMS.filter(
    (platform) => PLATFORM_TYPES[platform].fallback.includes(type) && !PLATFORM_TYPES[platform].store.includes(type),
  );
  return replicas.length === 0 ? first : `${first}; as a \`fallback\` on ${printPlatforms(replicas)} too`;
}

const GENERATED = 'This page is made from the schema in code by `npm run reference`.';

/** Makes the pages of the fields of a configuration. */
export function configurationPages(): readonly ReferencePage[] {
  return [
    page(
      'reference-configuration.md',
      '# Reference: configuration',
      `Every field, the same in \`[vars.RANGEWAY]\` of wrangler.toml, in JSON, and in code. How a configuration is written and checked: [configuration.md](configuration.md). Types of stores, caches and rules: [reference-configuration-types.md](reference-configuration-types.md). A field with an empty column "on" is for all platforms, and a field with an empty default has none. ${GENERATED}`,
      '## Settings',
      'For all mounts, or in a mount for it alone.',
      fields(settingsOf(mountSchema, OF_MOUNT)),
      '## Fields of a mount',
      'In the tables of `mounts`, beside the settings above.',
      fields(settingsOf(mountSchema, SHARED)),
      '## Fields for all mounts',
      'Above `mounts`, and in no mount.',
      fields(settingsOf(ConfigSchema, SHARED)),
    ),
    page(
      'reference-configuration-types.md',
      '# Reference: types of stores, caches and rules',
      `The fields of the tables that have a \`type\`. All other fields: [reference-configuration.md](reference-configuration.md). ${GENERATED}`,
      '## Stores',
      'Of the fields `store` and `fallback` of a mount.',
      types(typesOf(storeSchema), platformsOfStore),
      '## Caches',
      'Of the field `cache`.',
      types(typesOf(cacheSchema), (type) => platformsWith('cache', type)),
      '## Stores of transfers',
      'Of the field `transfers.store`.',
      types(typesOf(TransfersSchema.entries.store), (type) => platformsWith('transfers.store', type)),
      '## Access rules',
      'Of the field `access`. What each of them grants: [rules.md](rules.md#the-rules).',
      types(typesOf(accessSchema)),
      '## Keys of tokens',
      'Of the field `key` of a rule of the type `"jwt"`.',
      types(typesOf(jwtKeySchema)),
    ),
  ];
}
