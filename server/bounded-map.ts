/** Sets the key as the latest of the map. If the map is full, deletes the entry that was set longest ago. */
export function setBounded<K, V>(map: Map<K, V>, key: K, value: V, max: number): void {
  map.delete(key);
  if (map.size >= max) {
    // A Map keeps insertion order.
    const { value: oldest, done } = map.keys().next();
    if (!done) map.delete(oldest);
  }
  map.set(key, value);
}
