/** Workers that are loaded together may need this share of free memory. */
export const loadedShare = 0.6;

/** A group's members stay loaded together while they take turns. */
export type Group = readonly string[];

/**
 * Parts names into groups whose needs fit into `capacity` together. The largest is placed first, each into the first group that
 * has room; a name that exceeds the capacity is a group of its own. Groups, and the names in them, keep the order of `needs`.
 */
export function groupsThatFit(needs: ReadonlyMap<string, number>, capacity: number): readonly Group[] {
  const place = new Map([...needs.keys()].map((name, i) => [name, i]));
  const inOrder = (a: string, b: string) => place.get(a)! - place.get(b)!;
  const largestFirst = [...needs.keys()].sort((a, b) => needs.get(b)! - needs.get(a)! || inOrder(a, b));
  const groups: { names: string[]; needed: number }[] = [];
  for (const name of largestFirst) {
    const own = needs.get(name)!;
    const room = groups.find(({ needed }) => needed + own <= capacity);
    if (room === undefined) {
      groups.push({ names: [name], needed: own });
      continue;
    }
    room.names.push(name);
    room.needed += own;
  }
  return groups.map(({ names }) => names.sort(inOrder)).sort(([a], [b]) => inOrder(a!, b!));
}
