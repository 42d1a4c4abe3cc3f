/**
 * Finds the name that was most likely meant.
 *
 * @returns a name within two edits of the text, and closer than half of its length; `undefined` if there is none
 */
export function suggest(text: string, names: readonly string[]): string | undefined {
  const near = names
    .map((name) => ({ name, distance: distance(text, name) }))
    .filter((one) => one.distance <= 2 && one.distance * 2 < Math.max(text.length, one.name.length))
    .toSorted((a, b) => a.distance - b.distance);
  return near[0]?.name;
}

/** The number of letters to insert, delete, replace, or swap with the next one (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: readonly number[] = [];
  let above: readonly number[] = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      const edits = [(above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (above[j - 1] ?? 0) + cost];
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) edits.push((before[j - 2] ?? 0) + 1);
      row.push(Math.min(...edits));
    }
    before = above;
    above = row;
  }
  return above[b.length] ?? 0;
}
