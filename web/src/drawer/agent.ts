/** A user agent in a few words: browser or client with its main version, and the system. */

const BROWSERS: [RegExp, string][] = [
  [/\bEdgA?\/(\d+)/, "Edge"],
  [/\bOPR\/(\d+)/, "Opera"],
  [/\bSamsungBrowser\/(\d+)/, "Samsung Internet"],
  [/\b(?:Firefox|FxiOS)\/(\d+)/, "Firefox"],
  [/\b(?:Chrome|CriOS)\/(\d+)/, "Chrome"],
  [/\bVersion\/(\d+)[\d.]* (?:Mobile\/\S+ )?Safari\//, "Safari"],
];
const SYSTEMS: [RegExp, string][] = [
  [/\bWindows NT/, "Windows"],
  [/\b(?:iPhone|iPod)\b/, "iOS"],
  [/\biPad\b/, "iPadOS"],
  [/\bAndroid (\d+)?/, "Android"],
  [/\bMac OS X\b/, "macOS"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\b(?:X11|Linux)\b/, "Linux"],
];

export function agentText(agent: string | null | undefined): string | null {
  if (!agent) return null;
  const system = SYSTEMS.find(([pattern]) => pattern.test(agent))?.[1];
  for (const [pattern, name] of BROWSERS) {
    const version = pattern.exec(agent)?.[1];
    if (version) return [`${name} ${version}`, system].filter(Boolean).join(", ");
  }
  // A program names itself first: "python-requests/2.32", "curl/8.5.0".
  const program = /^([A-Za-z][\w.@-]{1,40})\/(\d+(?:\.\d+)?)/.exec(agent);
  return program && program[1] !== "Mozilla" ? `${program[1]} ${program[2]}` : null;
}
