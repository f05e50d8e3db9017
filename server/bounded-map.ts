/**
 * Sets the key as the latest of the map. If the map is full, deletes the entry that was set longest ago and
 * returns its value.
 */
export function setBounded<K, V>(map: Map<K, V>, key: K, value: V, max: number): V | undefined {
  map.delete(key);
  let dropped: V | undefined;
  if (map.size >= max) {
    // A Map keeps insertion order.
    const { value: oldest, done } = map.entries().next();
    if (!done) {
      dropped = oldest[1];
      map.delete(oldest[0]);
    }
  }
  map.set(key, value);
  return dropped;
}
