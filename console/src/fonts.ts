// Inter, in a file for each writing system. The browser loads those whose characters the page shows. The
// bundler puts fonts of a style sheet into the style sheet, so they are not in styles.css.
import cyrillicExt from "@fontsource-variable/inter/files/inter-cyrillic-ext-wght-normal.woff2";
import cyrillic from "@fontsource-variable/inter/files/inter-cyrillic-wght-normal.woff2";
import greekExt from "@fontsource-variable/inter/files/inter-greek-ext-wght-normal.woff2";
import greek from "@fontsource-variable/inter/files/inter-greek-wght-normal.woff2";
import latinExt from "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2";
import latin from "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2";
import vietnamese from "@fontsource-variable/inter/files/inter-vietnamese-wght-normal.woff2";
import ranges from "@fontsource-variable/inter/unicode.json";

const FILES = {
  "cyrillic-ext": cyrillicExt,
  cyrillic,
  "greek-ext": greekExt,
  greek,
  vietnamese,
  "latin-ext": latinExt,
  latin,
} as const satisfies Record<keyof typeof ranges, string>;

/** Declares the font of the theme. Until a file is loaded, the fallback of styles.css is shown. */
export function addFonts(): void {
  for (const [name, file] of Object.entries(FILES)) {
    const address = new URL(file, import.meta.url).href;
    const unicodeRange = ranges[name as keyof typeof ranges];
    const face = { weight: "100 900", display: "swap", unicodeRange } as const;
    document.fonts.add(new FontFace("Inter Variable", `url(${address})`, face));
  }
}
