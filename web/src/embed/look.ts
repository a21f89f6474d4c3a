/** Colours, type and corners that a host may set; each stands for tokens of ours (tokens.css). */

type Rule = Record<string, (value: string) => string>;

const mixed = (value: string, share: number): string =>
  `color-mix(in srgb, ${value} ${share}%, var(--surface))`;
const same = (value: string): string => value;

const COLOURS: Record<string, Rule> = {
  accent: {
    "--accent": same,
    "--accent-solid": same,
    "--accent-weak": (value) => mixed(value, 14),
    "--accent-line": (value) => mixed(value, 45),
    "--selected": (value) => mixed(value, 14),
  },
  "on-accent": { "--on-accent": same },
  canvas: { "--canvas": same },
  surface: { "--surface": same, "--raised": same },
  sunken: { "--sunken": same, "--hover": same },
  line: { "--line": same, "--line-soft": same, "--line-control": same },
  text: { "--text": same },
  "text-2": { "--text-2": same },
  "text-3": { "--text-3": same },
};
const FONT: Rule = { "--font": (value) => `${value}, system-ui, sans-serif` };
const CORNERS: Rule = {
  "--r1": (value) => `calc(${value} * .6)`,
  "--r2": same,
  "--r3": (value) => `calc(${value} * 1.6)`,
};
const LONGEST = 200;

function isColour(value: string): boolean {
  return !/var\(|url\(|[;{}\\]/i.test(value) && CSS.supports("color", value);
}

/** The tokens that a host's property sets; none when its value is not one of its kind. */
export function tokensOf(name: string, value: unknown): [string, string][] {
  if (typeof value !== "string" || value.length > LONGEST) return [];
  const rule =
    name === "font" && /^[\p{L}\p{N}\s"',-]+$/u.test(value)
      ? FONT
      : name === "radius" && /^\d{1,2}(\.\d{1,3})?px$/.test(value)
        ? CORNERS
        : Object.hasOwn(COLOURS, name) && isColour(value)
          ? COLOURS[name]
          : undefined;
  return Object.entries(rule ?? {}).map(([token, make]) => [token, make(value)]);
}

let sheet: CSSStyleSheet | null = null;

/** Puts a host's look on. A constructed style sheet: the page's policy allows nothing inline. */
export function applyLook(theme: unknown, properties: unknown): void {
  setTheme(theme);
  isSaid ||= typeof theme === "string";
  if (properties === null || typeof properties !== "object") return;
  // A person's own forced colours go before everybody's taste.
  const made = new CSSStyleSheet();
  made.replaceSync("@media (forced-colors: none) { :root {} }");
  const [media] = made.cssRules;
  const [rule] = media instanceof CSSMediaRule ? media.cssRules : [];
  if (!(rule instanceof CSSStyleRule)) return;
  for (const [name, value] of Object.entries(properties)) {
    for (const [token, text] of tokensOf(name, value)) rule.style.setProperty(token, text);
  }
  const others = document.adoptedStyleSheets.filter((one) => one !== sheet);
  document.adoptedStyleSheets = [...others, made];
  sheet = made;
}

let isSaid = false;

/** The theme of the token, which holds as long as the host's page says nothing else. */
export function beginWith(theme: unknown): void {
  if (!isSaid) setTheme(theme);
}

/** Light, dark, or as the system of the person says. */
function setTheme(theme: unknown): void {
  const root = document.documentElement;
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  else if (theme === "system") delete root.dataset.theme;
}
