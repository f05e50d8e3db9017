import { encode } from "uqr";
import classes from "./TwoFactor.module.css";

/** A QR code, drawn in the page. Always dark on light, because apps expect it. */
export function QrCode({ content, label }: { content: string; label: string }) {
  const { data, size } = encode(content, { ecc: "M", border: 4 });
  const path = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : [])));
  return (
    <svg className={classes.qr} viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label}>
      <path d={path.join("")} shapeRendering="crispEdges" />
    </svg>
  );
}
