// Runs the same work for many numbers, some at the same time.

/** Works on the numbers from 0, with so many at once. Returns the results in their order. */
export async function inParallel<Result>(
  atOnce: number,
  count: number,
  work: (index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (next < count) {
        const index = next++;
        results[index] = await work(index);
      }
    }),
  );
  return results;
}
