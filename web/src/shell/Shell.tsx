import { lazy, type ReactNode, Suspense, useEffect, useState } from "react";
import { ConfirmIdentity } from "../account/ConfirmIdentity.tsx";
import type { Session } from "../api/types.ts";
import { ExportsNotice } from "../exports/ExportsMark.tsx";
import { useOwnExports } from "../exports/useExports.ts";
import { MainMenu } from "./MainMenu.tsx";
import { TopBar } from "./TopBar.tsx";

const Palette = lazy(() => import("./Palette.tsx"));

/**
 * Draws the top bar of a page; `extra` is what only that page has in it, `onBack` leads back to the
 * list where the page was opened from it.
 */
export type Top = (
  title: string,
  extra?: ReactNode,
  onHelp?: () => void,
  onBack?: () => void,
) => ReactNode;

interface ShellProps {
  session: Session;
  page: string;
  children: (top: Top) => ReactNode;
}

/** Menu on the left, and the page with its top bar. */
export function Shell({ session, page, children }: ShellProps) {
  const [menuOpen, setMenuOpen] = useState(false);
  const [paletteOpen, setPaletteOpen] = useState(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey)
        return;
      if (event.shiftKey || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      event.stopPropagation();
      setPaletteOpen(true);
    };
    // Before the search editor, to which the keys mean something else.
    addEventListener("keydown", onKey, { capture: true });
    return () => removeEventListener("keydown", onKey, { capture: true });
  }, []);
  const exports = useOwnExports(page);
  const top: Top = (title, extra, onHelp, onBack) => (
    <TopBar
      title={title}
      session={session}
      extra={extra}
      onHelp={onHelp}
      onBack={onBack}
      onMenu={() => setMenuOpen(true)}
    />
  );
  return (
    <div className="shell">
      <MainMenu
        session={session}
        page={page}
        open={menuOpen}
        exports={exports}
        onClose={() => setMenuOpen(false)}
      />
      <main className="app">
        {children(top)}
        <ExportsNotice own={exports} />
      </main>
      <ConfirmIdentity way={session.way ?? "password"} />
      {paletteOpen && (
        <Suspense>
          <Palette session={session} onClose={() => setPaletteOpen(false)} />
        </Suspense>
      )}
    </div>
  );
}
