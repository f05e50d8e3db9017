// The largest inventory that a sensor reports.

/** Maximum number of items of a category. Of more, a sensor reports the first ones and the number of all. */
export const MAX_ITEMS = 50_000;
/** Maximum bytes of one upload of chunks, and of one chunk's canonical JSON. */
export const MAX_UPLOAD_BYTES = 4 * 1024 * 1024;
export const MAX_CHUNK_BYTES = 2 * 1024 * 1024;
/** Maximum values in one upload of chunks, of any kind and depth, and items of one array. */
export const MAX_UPLOAD_VALUES = 400_000;
export const MAX_CHUNK_ITEMS = 5_000;
/** Maximum chunks of a category. */
export const MAX_CATEGORY_CHUNKS = 256;
/** Maximum bytes of all chunks of a category: the server reads them at once to show the category. */
export const MAX_CATEGORY_BYTES = 24 * 1024 * 1024;
