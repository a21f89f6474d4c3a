import type { IconName } from "../icons/Icon.tsx";

const LOOKS: Record<string, { look: string; icon: IconName }> = {
  succeeded: { look: "ok", icon: "ok" },
  failed: { look: "fail", icon: "fail" },
  cancelled: { look: "none", icon: "none" },
  running: { look: "run", icon: "task" },
  started: { look: "run", icon: "task" },
  began: { look: "run", icon: "task" },
  queued: { look: "none", icon: "wait" },
  retrying: { look: "denied", icon: "denied" },
  retried: { look: "denied", icon: "denied" },
  unknown: { look: "none", icon: "none" },
};

/** Shape and colour of a run's or an attempt's state; the word stands beside it. */
export const looksOf = (state: string): { look: string; icon: IconName } =>
  LOOKS[state] ?? { look: "none", icon: "none" };
