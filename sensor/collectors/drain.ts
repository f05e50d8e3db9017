/** Yields each element and lets go of it, so that a long list is not in memory beside what is made of it. */
export function* drain<T>(list: T[]): Generator<T> {
  list.reverse();
  for (let item = list.pop(); item !== undefined; item = list.pop()) yield item;
}
