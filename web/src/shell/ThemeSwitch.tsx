import { useState } from "react";
import { MenuButton } from "../controls/MenuButton.tsx";
import { readStored, writeStored } from "../controls/stored.ts";
import { Icon, type IconName } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";

type Theme = "light" | "dark" | "system";

const THEMES: readonly Theme[] = ["light", "dark", "system"];
const ICONS: Record<Theme, IconName> = { light: "sun", dark: "moon", system: "monitor" };

function readTheme(): Theme {
  const stored = readStored("theme");
  return stored === "light" || stored === "dark" ? stored : "system";
}

/** Light, dark, or as the system says; kept in this browser (public/theme.js applies it at start). */
export function ThemeSwitch() {
  const [theme, setTheme] = useState(readTheme);
  const choose = (next: Theme) => {
    setTheme(next);
    writeStored("theme", next === "system" ? null : next);
    if (next === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
  };
  return (
    <MenuButton
      className="btn icon quiet"
      label={messages.top.theme(messages.top.themes[theme])}
      face={<Icon name={ICONS[theme]} />}
    >
      {(close) =>
        THEMES.map((item) => (
          <button
            key={item}
            type="button"
            role="menuitemradio"
            tabIndex={-1}
            aria-checked={theme === item}
            onClick={() => {
              choose(item);
              close();
            }}
          >
            <Icon name={ICONS[item]} />
            {messages.top.themes[item]}
            {theme === item && (
              <span className="end">
                <Icon name="check" />
              </span>
            )}
          </button>
        ))
      }
    </MenuButton>
  );
}
