// A browser and its operating system in words, from the text that it sends (RFC 9110, section 10.1.5). The
// text is a hint from the client, so it is shown and never trusted.

/** In order: browsers also name those whose pages they want to receive. */
const BROWSERS: [mark: string, name: string][] = [
  ["Edg/", "Edge"],
  ["EdgA/", "Edge"],
  ["EdgiOS/", "Edge"],
  ["OPR/", "Opera"],
  ["SamsungBrowser/", "Samsung Internet"],
  ["Vivaldi/", "Vivaldi"],
  ["FxiOS/", "Firefox"],
  ["Firefox/", "Firefox"],
  ["CriOS/", "Chrome"],
  ["Chrome/", "Chrome"],
  ["Chromium/", "Chromium"],
  ["Safari/", "Safari"],
  ["curl/", "curl"],
  ["Bun/", "AttackLens command line"],
];

const SYSTEMS: [mark: string, name: string][] = [
  ["Windows NT", "Windows"],
  ["iPhone", "iOS"],
  ["iPad", "iPadOS"],
  ["Android", "Android"],
  ["CrOS", "ChromeOS"],
  ["Mac OS X", "macOS"],
  ["Macintosh", "macOS"],
  ["FreeBSD", "FreeBSD"],
  ["OpenBSD", "OpenBSD"],
  ["Linux", "Linux"],
];

/** `Firefox on Windows`. Null: the client sent no text. */
export function describeBrowser(userAgent: string | null): string {
  const text = (userAgent ?? "").replace("HeadlessChrome/", "Chrome/");
  const find = (names: typeof BROWSERS) => names.find(([mark]) => text.includes(mark))?.[1];
  const [browser, system] = [find(BROWSERS), find(SYSTEMS)];
  if (browser && system) return `${browser} on ${system}`;
  return browser ?? (system ? `Browser on ${system}` : "Unknown browser");
}
