interface Tradeoff {
  readonly latency: number;
  readonly fitness: number;
}

/** Returns the points that no other beats by being as fast and better, or as good and faster; the fastest comes first. */
export function paretoFront<T extends Tradeoff>(points: readonly T[]): readonly T[] {
  const front: T[] = [];
  for (const point of [...points].sort((a, b) => a.latency - b.latency || b.fitness - a.fitness))
    if (front.length === 0 || point.fitness > front.at(-1)!.fitness) front.push(point);
  return front;
}
