// Bun's bundler turns `*.module.css` into class names. This declares them for TypeScript.
declare module "*.module.css" {
  const classes: Readonly<Record<string, string>>;
  // biome-ignore lint/style/noDefaultExport: a CSS module has only a default export
  export default classes;
}

/** The address of the file, relative to the script. */
declare module "*.woff2" {
  const address: string;
  // biome-ignore lint/style/noDefaultExport: a file has only a default export
  export default address;
}
