declare module "*.sh" {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: a text import has its content as default
  export default text;
}

declare module "*.ps1" {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: a text import has its content as default
  export default text;
}
