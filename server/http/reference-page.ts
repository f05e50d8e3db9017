// The page with the API reference: RapiDoc with our own OpenAPI document. It loads nothing from other hosts.
import rapidocPath from "rapidoc/dist/rapidoc-min.js" with { type: "file" };

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>AttackLens API reference</title>
<script type="module" src="/api/reference/rapidoc.js"></script>
</head>
<body>
<rapi-doc spec-url="/api/openapi.json" load-fonts="false" regular-font="system-ui, sans-serif" mono-font="ui-monospace, monospace"
 render-style="read" show-header="false" allow-try="false" allow-authentication="false" allow-server-selection="false"
 schema-description-expanded="true" primary-color="#3b4fd0" theme="light" use-path-in-nav-bar="true"
 show-method-in-nav-bar="as-colored-text" nav-bg-color="#f7f8fa" nav-text-color="#3d4451" nav-hover-bg-color="#e9ebf5"
 nav-item-spacing="compact" show-info="true"></rapi-doc>
</body>
</html>
`;

/** Returns the reply for a path below /api/reference, or undefined for any other path. */
export function referencePage(path: string): Response | undefined {
  if (path === "/api/reference") {
    const policy =
      "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'";
    return new Response(PAGE, {
      headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": policy },
    });
  }
  if (path !== "/api/reference/rapidoc.js") return undefined;
  return new Response(Bun.file(rapidocPath), {
    headers: { "content-type": "text/javascript; charset=utf-8", "cache-control": "public, max-age=86400" },
  });
}
