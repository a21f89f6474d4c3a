import { useEffect, useRef } from "react";

export type Shortcuts = Record<string, () => void>;

function isBusy(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.closest("dialog[open], [role=menu], .pop")) return true;
  return /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

/** Single-key shortcuts of the page. Fields, menus and dialogs keep their keys for themselves. */
export function useShortcuts(shortcuts: Shortcuts, areOn: boolean): void {
  const current = useRef(shortcuts);
  current.current = shortcuts;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (isBusy(event.target) || document.querySelector("dialog[open]")) return;
      const isSingle = event.key.length === 1;
      if (isSingle && !areOn) return;
      const action = current.current[event.key];
      if (!action) return;
      event.preventDefault();
      action();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [areOn]);
}
