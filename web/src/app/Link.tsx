import type { AnchorHTMLAttributes, MouseEvent } from "react";
import { go, pageAddress } from "./route.ts";

interface LinkProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  /** Path below the service's root, and query. */
  to: string;
}

/** A link inside the screen: a real address, opened without loading the page anew. */
export function Link({ to, onClick, ...rest }: LinkProps) {
  const open = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
    if (event.defaultPrevented || !plain || event.altKey) return;
    event.preventDefault();
    go(to);
  };
  return <a {...rest} href={pageAddress(to)} onClick={open} />;
}
