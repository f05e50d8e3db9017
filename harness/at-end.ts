// What is opened once for many tests, e.g. a browser, is closed by fail-on-console-error.ts, which is loaded before every test file: with
// several workers after each file, else when all are over. Whoever opened it opens it again when it is closed.

const closings: (() => unknown)[] = [];

export function atEnd(close: () => unknown): void {
  closings.push(close);
}

/** In reverse order of their opening. */
export async function closeAll(): Promise<void> {
  for (const close of closings.splice(0).reverse()) await close();
}
