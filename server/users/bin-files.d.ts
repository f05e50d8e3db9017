declare module "*.bin" {
  const path: string;
  // biome-ignore lint/style/noDefaultExport: a file import has its path as default
  export default path;
}
