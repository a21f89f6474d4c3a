import type { ReactNode } from "react";
import { Mark } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";

/** The frame of the pages that need no log in. */
export function Gate({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className="gate">
      <div className="sheetlet">
        <div className="brand">
          <Mark />
          {messages.product}
        </div>
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}
