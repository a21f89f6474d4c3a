import { useEffect, useState } from "react";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";

/** Puts text on the clipboard; on plain HTTP, where browsers close it to pages, by the old way. */
export async function toClipboard(text: string, near: HTMLElement): Promise<void> {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "vh";
  near.after(field);
  field.select();
  document.execCommand("copy");
  field.remove();
  near.focus();
}

interface CopyButtonProps {
  text: string | (() => string);
  label: string;
  /** Words beside the drawing; without them the label is for screen readers and the tooltip. */
  face?: string;
  className?: string;
}

export function CopyButton({ text, label, face, className = "btn icon quiet" }: CopyButtonProps) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <button
      type="button"
      className={className}
      aria-label={label}
      title={label}
      onClick={(event) => {
        const value = typeof text === "string" ? text : text();
        toClipboard(value, event.currentTarget).then(
          () => setCopied(true),
          () => setCopied(false),
        );
      }}
    >
      <Icon name={copied ? "check" : "copy"} />
      {face && <span className="label">{copied ? messages.drawer.copied : face}</span>}
      <span className="vh" aria-live="polite">
        {copied ? messages.drawer.copied : ""}
      </span>
    </button>
  );
}
