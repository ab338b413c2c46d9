/** Bounded parallelism without a queue library: enough for uploads and deletes. */

/**
 * Runs `work` for every item, at most `limit` at once. After the first failure no further item is started,
 * those under way are waited for (nothing is left running behind the caller's back), and that failure is thrown.
 */
export async function eachAtOnce<T>(
  limit: number,
  items: Iterable<T> | AsyncIterable<T>,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  for await (const item of items) {
    if (failures.length > 0) break;
    const task = work(item)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => running.delete(task));
    running.add(task);
    // An async source is only asked for more when there is room: that keeps memory flat.
    if (running.size >= limit) await Promise.race(running);
  }
  await Promise.all(running);
  if (failures.length > 0) throw failures[0];
}
