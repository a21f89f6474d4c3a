import { type ComponentType, lazy } from "react";
import type { Session } from "../api/types.ts";
import { messages } from "../text/messages.ts";

/** What every tab of the settings is given. Only an administrator changes things. */
export interface TabProps {
  session: Session;
  isAdmin: boolean;
}

export interface SettingsTab {
  key: string;
  title: string;
  Panel: ComponentType<TabProps>;
}

/** The tabs in their order; each is fetched when it is first opened. */
export const TABS: readonly SettingsTab[] = [
  {
    key: "retention",
    title: messages.retention.title,
    Panel: lazy(() => import("./RetentionTab.tsx")),
  },
  {
    key: "holds",
    title: messages.holds.title,
    Panel: lazy(() => import("../holds/HoldsTab.tsx")),
  },
  {
    key: "redaction",
    title: messages.redaction.tab,
    Panel: lazy(() => import("./RedactionTab.tsx")),
  },
  {
    key: "erasures",
    title: messages.erasures.title,
    Panel: lazy(() => import("../erasures/ErasuresTab.tsx")),
  },
  {
    key: "general",
    title: messages.settings.general,
    Panel: lazy(() => import("./GeneralTab.tsx")),
  },
];
