// What a process opens once for all tests that it runs, e.g. a browser, is closed when the last of them is over: by
// fail-on-console-error.ts, which is loaded before every test file.

const closings: (() => unknown)[] = [];

export function atEnd(close: () => unknown): void {
  closings.push(close);
}

/** In reverse order of their opening. */
export async function closeAll(): Promise<void> {
  for (const close of closings.splice(0).reverse()) await close();
}
