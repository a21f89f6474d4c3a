/** A code to be scanned, drawn as one path: dark on light in every theme, or cameras miss it. */
export function Qr({ rows, label }: { rows: string[]; label: string }) {
  const size = rows.length + 8;
  const path = rows
    .flatMap((row, y) =>
      Array.from(row, (module, x) => (module === "1" ? `M${x + 4} ${y + 4}h1v1h-1z` : "")),
    )
    .join("");
  return (
    <svg className="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label}>
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
