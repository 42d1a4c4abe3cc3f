/** A place in a file; line and column count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** The places of a value in a file, and of all values in it. */
export interface SettingsTree {
  /** Place of its name. A value without a name, such as a member of a list, has the place of the value here. */
  readonly name: Place;
  readonly value: Place;
  /** Fields by name, or members of a list by their position. */
  readonly members: ReadonlyMap<string, SettingsTree>;
}

/** A setting that was found in a file. */
export interface FoundSetting {
  readonly tree: SettingsTree;
  /** Its path in the file, as far as the file has it. */
  readonly path: readonly string[];
  /** Whether the file has all of the path. */
  readonly isWhole: boolean;
}

/**
 * Finds a setting in a file. If the file does not have it, this is the nearest table above it.
 *
 * @param path from the top of the configuration. A setting of a mount may be inherited from the top level. If there is
 *   one mount only, its settings are also found without `mounts.0`
 */
export function findSetting(root: SettingsTree, path: readonly string[]): FoundSetting {
  return follow(root, pathInFile(root, path));
}

function pathInFile(root: SettingsTree, path: readonly string[]): readonly string[] {
  const [first = '', index = '', field] = path;
  const mounts = root.members.get('mounts')?.members;
  if (first === 'mounts') {
    const isInherited =
      field !== undefined && mounts?.get(index)?.members.has(field) === false && root.members.has(field);
    return isInherited ? path.slice(2) : path;
  }
  const isOfMount = first !== '' && !root.members.has(first) && mounts?.size === 1;
  return isOfMount ? ['mounts', '0', ...path] : path;
}

function follow(root: SettingsTree, path: readonly string[]): FoundSetting {
  let tree = root;
  for (const [i, name] of path.entries()) {
    const next = tree.members.get(name);
    if (next === undefined) return { tree, path: path.slice(0, i), isWhole: false };
    tree = next;
  }
  return { tree, path, isWhole: true };
}
