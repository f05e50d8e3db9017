// The points of an update at which tests interrupt it.
import type { Point, Seen } from "./offering-server.ts";

const isDownload = ({ path }: Seen) => /^\/download\/[\d.]+\/attacklens/.test(path);

/** In their order, for an update to that version. */
export function updatePoints(version: string): Point[] {
  const reports = (state: string) => (seen: Seen) => {
    const attempt = seen.path.endsWith("/check-in") ? seen.update?.attempt : undefined;
    return attempt?.version === version && attempt.state === state;
  };
  return [
    {
      name: "at the manifest",
      when: "before",
      matches: ({ path }) => path.endsWith(`${version}/manifest.json`),
    },
    { name: "at the download", when: "before", matches: isDownload },
    { name: "during the download", when: "after", matches: isDownload },
    { name: "before the trial", when: "after", matches: reports("verified") },
    { name: "at the first check-in", when: "before", matches: reports("trial") },
    { name: "during the promotion", when: "after", matches: reports("trial") },
    { name: "at the first check-in as stable", when: "before", matches: reports("done") },
  ];
}
