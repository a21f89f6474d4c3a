import type { ReactNode } from "react";

/** The drawings, each in a box of 16 × 16. Inline, so that nothing is fetched and <base> cannot bend them. */
const drawings = {
  cal: (
    <>
      <rect x="2.5" y="3.5" width="11" height="10" rx="1.5" />
      <path d="M2.5 6.5h11M5.5 2v3M10.5 2v3" />
    </>
  ),
  check: <path d="m3.5 8.5 3 3 6-7" />,
  copy: (
    <>
      <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" />
      <path d="M10.5 3V2.5h-8v8H3" />
    </>
  ),
  denied: (
    <>
      <path d="M8 2.2 14.3 13H1.7z" />
      <path d="M8 6.5v3M8 11.2v.1" />
    </>
  ),
  dn: <path d="M8 3v10M3.8 8.8 8 13l4.2-4.2" />,
  down: <path d="M3.5 6 8 10.5 12.5 6" />,
  empty: (
    <>
      <path d="M2.5 4h11M2.5 8h5M2.5 12h3.5" />
      <circle cx="11" cy="10.5" r="2.5" />
      <path d="m13 12.5 1.7 1.7" />
    </>
  ),
  export: <path d="M8 2v8M4.8 7 8 10.2 11.2 7M2.5 11v2.5h11V11" />,
  expand: <path d="M9.5 2.5h4v4M13.3 2.7 9.5 6.5M6.5 13.5h-4v-4M2.7 13.3l3.8-3.8" />,
  ext: <path d="M7 3H3v10h10V9M9.5 2.5h4v4M13.3 2.7 7.5 8.5" />,
  fail: (
    <>
      <path d="M5.4 2h5.2L14 5.4v5.2L10.6 14H5.4L2 10.6V5.4z" />
      <path d="m6 6 4 4M10 6l-4 4" />
    </>
  ),
  filter: <path d="M2 3.5h12L9.5 9v4.5l-3-1.5V9z" />,
  gear: (
    <>
      <circle cx="8" cy="8" r="2.2" />
      <path d="M8 1.8v2M8 12.2v2M1.8 8h2M12.2 8h2M3.6 3.6 5 5M11 11l1.4 1.4M12.4 3.6 11 5M5 11l-1.4 1.4" />
    </>
  ),
  ghost: (
    <>
      <circle cx="8" cy="5" r="2.8" />
      <path d="M2.8 14c.4-3 2.5-4.6 5.2-4.6M11 10.8c.2-1.6 2.6-1.5 2.5.1 0 1-1.2 1.1-1.2 2M12.3 14.7v.1" />
    </>
  ),
  globe: (
    <>
      <circle cx="8" cy="8" r="6" />
      <path d="M2 8h12M8 2c4 4 4 8 0 12M8 2c-4 4-4 8 0 12" />
    </>
  ),
  help: (
    <>
      <circle cx="8" cy="8" r="6" />
      <path d="M6.2 6.3C6.3 4 9.8 4 9.8 6.3 9.8 7.7 8 7.7 8 9.2M8 11.3v.1" />
    </>
  ),
  house: <path d="M3 14V2.5h6V14M9 6h4v8M1.5 14h13M5.2 5.5h1.5M5.2 8.5h1.5" />,
  key: (
    <>
      <circle cx="5" cy="10.5" r="3" />
      <path d="M7.2 8.3 13.5 2M11 4.5l2 2" />
    </>
  ),
  leave: <path d="M9.5 3H3v10h6.5M6.5 8h7M11 5.5 13.5 8 11 10.5" />,
  left: <path d="M9.5 3.5 5 8l4.5 4.5" />,
  lock: (
    <>
      <rect x="3.5" y="7" width="9" height="6.5" rx="1.2" />
      <path d="M5.5 7V5a2.5 2.5 0 0 1 5 0v2" />
    </>
  ),
  log: <path d="M2.5 3.5h11M2.5 8h11M2.5 12.5h7" />,
  mask: (
    <path d="M2 5c2-1.2 4-1 6 0 2-1 4-1.2 6 0 0 5-2 6.5-3.5 6.5S8.6 10 8 10s-1 1.5-2.5 1.5S2 10 2 5Z" />
  ),
  menu: <path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11" />,
  monitor: (
    <>
      <rect x="2" y="3" width="12" height="8.5" rx="1.5" />
      <path d="M6 14h4" />
    </>
  ),
  moon: <path d="M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7Z" />,
  none: <path d="M3.5 8h9" />,
  ok: (
    <>
      <circle cx="8" cy="8" r="6" />
      <path d="m5.3 8.2 1.9 1.9 3.6-4" />
    </>
  ),
  person: (
    <>
      <circle cx="8" cy="5" r="2.8" />
      <path d="M2.8 14c.4-3 2.5-4.6 5.2-4.6s4.8 1.6 5.2 4.6" />
    </>
  ),
  live: (
    <>
      <circle cx="8" cy="8" r="1.5" />
      <path d="M4.8 11.2a4.5 4.5 0 0 1 0-6.4M11.2 4.8a4.5 4.5 0 0 1 0 6.4" />
    </>
  ),
  pause: <path d="M5.5 3.5v9M10.5 3.5v9" />,
  pin: <path d="M5.5 2.5h5M6.5 2.5v4L4.5 9h7l-2-2.5v-4M8 9v4.5" />,
  plus: <path d="M8 3.2v9.6M3.2 8h9.6" />,
  right: <path d="M6.5 3.5 11 8l-4.5 4.5" />,
  seal: (
    <>
      <path d="M8 1.5 13.5 3.5v4.3c0 3.3-2.3 5.6-5.5 6.7-3.2-1.1-5.5-3.4-5.5-6.7V3.5z" />
      <path d="m5.5 8 1.8 1.8L10.7 6" />
    </>
  ),
  search: (
    <>
      <circle cx="7" cy="7" r="4.5" />
      <path d="m10.5 10.5 3.5 3.5" />
    </>
  ),
  steps: (
    <>
      <circle cx="4" cy="3.5" r="1.5" />
      <circle cx="4" cy="12.5" r="1.5" />
      <path d="M4 5v6M7.5 3.5H14M7.5 8H12M7.5 12.5H14" />
    </>
  ),
  sun: (
    <>
      <circle cx="8" cy="8" r="2.8" />
      <path d="M8 1.5v1.6M8 12.9v1.6M1.5 8h1.6M12.9 8h1.6M3.4 3.4l1.1 1.1M11.5 11.5l1.1 1.1M12.6 3.4l-1.1 1.1M4.5 11.5l-1.1 1.1" />
    </>
  ),
  task: <path d="M13.5 8A5.5 5.5 0 1 1 11.8 4M12 1.5V4.3H9.2" />,
  up: <path d="M8 13V3M3.8 7.2 8 3l4.2 4.2" />,
  wait: (
    <>
      <circle cx="8" cy="8" r="6" />
      <path d="M8 4.8V8l2.2 1.6" />
    </>
  ),
  views: <path d="M3.5 2.5h9v11L8 10.3l-4.5 3.2z" />,
  x: <path d="m4 4 8 8M12 4l-8 8" />,
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof drawings;

/** A drawing beside its word; never the only bearer of a meaning. */
export function Icon({ name, className }: { name: IconName; className?: string }) {
  return (
    <svg className={className ? `i ${className}` : "i"} viewBox="0 0 16 16" aria-hidden="true">
      {drawings[name]}
    </svg>
  );
}

export function Mark() {
  return (
    <svg viewBox="0 0 20 20" aria-hidden="true">
      <rect width="20" height="20" rx="5" fill="var(--accent-solid)" />
      <path
        d="M6 5h8M10 5v10M6 15h8"
        stroke="#fff"
        strokeWidth="1.8"
        strokeLinecap="round"
        fill="none"
      />
      <circle cx="15" cy="10" r="1.6" fill="#fff" />
    </svg>
  );
}
