import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";

/** Opens below a button, closes on Escape, on a choice, and when the focus or a press goes elsewhere. */
export function useOpening() {
  const [open, setOpen] = useState(false);
  const anchor = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const close = (back = true) => {
    setOpen(false);
    if (back) button.current?.focus();
  };
  useEffect(() => {
    if (!open) return;
    const outside = (event: Event) => {
      if (!anchor.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    document.addEventListener("focusin", outside);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("focusin", outside);
    };
  }, [open]);
  return { open, setOpen, close, anchor, button };
}

interface MenuButtonProps {
  label: string;
  className: string;
  face: ReactNode;
  /** Whether the face's own text names the button, so that the label is only the menu's. */
  isNamed?: boolean;
  children: (close: () => void) => ReactNode;
  up?: boolean;
}

/** A button with a menu; arrow keys, Home, End and letters move in it. */
export function MenuButton({ label, className, face, isNamed, children, up }: MenuButtonProps) {
  const { open, setOpen, close, anchor, button } = useOpening();
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const items = () =>
    Array.from(list.current?.querySelectorAll<HTMLElement>('[role^="menuitem"]') ?? []);

  useEffect(() => {
    if (!open) return;
    const all = Array.from(list.current?.querySelectorAll<HTMLElement>('[role^="menuitem"]') ?? []);
    // Of one choice, what is chosen; of a menu in which a choice is only a part, the first item.
    const isChoice = all[0]?.role === "menuitemradio";
    (all.find((item) => isChoice && item.ariaChecked === "true") ?? all[0])?.focus();
  }, [open]);

  const onKeyDown = (event: KeyboardEvent) => {
    const all = items();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = (index: number) => {
      event.preventDefault();
      all[(index + all.length) % all.length]?.focus();
    };
    event.stopPropagation();
    if (event.key === "Escape") close();
    else if (event.key === "ArrowDown") to(at + 1);
    else if (event.key === "ArrowUp") to(at - 1);
    else if (event.key === "Home") to(0);
    else if (event.key === "End") to(-1);
    else if (event.key === "Tab") close(false);
    else if (event.key.length === 1 && event.key !== " ") {
      const letter = event.key.toLowerCase();
      const next = [...all.slice(at + 1), ...all].find((item) =>
        item.textContent?.trim().toLowerCase().startsWith(letter),
      );
      next?.focus();
    }
  };

  return (
    <div className="anchor" ref={anchor}>
      <button
        ref={button}
        type="button"
        className={className}
        aria-label={isNamed ? undefined : label}
        title={isNamed ? undefined : label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown" || event.key === "ArrowUp") {
            event.preventDefault();
            event.stopPropagation();
            setOpen(true);
          }
        }}
      >
        {face}
      </button>
      {open && (
        <div
          ref={list}
          id={id}
          role="menu"
          tabIndex={-1}
          aria-label={label}
          className={up ? "pop up" : "pop"}
          onKeyDown={onKeyDown}
        >
          {children(() => close())}
        </div>
      )}
    </div>
  );
}
