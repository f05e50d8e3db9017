// docs/deploy/ has the texts of the guides, for a server with a public certificate.
import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RELEASE } from "../version.ts";
import { deployGuide } from "./deploy-guides.ts";
import { GUIDE_IDS } from "./guide-ids.ts";
import { guideIndex, guideMarkdown } from "./guide-markdown.ts";

const FOLDER = join(import.meta.dir, "../../docs/deploy");
const FACTS = {
  server: "https://attacklens.example.com",
  caPin: null,
  caSha256: null,
  version: RELEASE,
};

const PAGES: Record<string, string> = {
  "README.md": guideIndex(),
  ...Object.fromEntries(GUIDE_IDS.map((id) => [`${id}.md`, guideMarkdown(deployGuide(id, FACTS))])),
};

test.each(Object.keys(PAGES))("docs/deploy/%s is current (UPDATE_DOCS=1 writes it)", (name) => {
  const path = join(FOLDER, name);
  if (process.env.UPDATE_DOCS) {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(path, PAGES[name]!);
  } else expect(readFileSync(path, "utf8")).toBe(PAGES[name]!);
});

test("docs/deploy has no other page", () => {
  expect(readdirSync(FOLDER).toSorted()).toEqual(Object.keys(PAGES).toSorted());
});
