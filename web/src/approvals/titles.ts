import type { Approval } from "../api/approvals.ts";
import { labelOf } from "../settings/names.ts";
import { messages } from "../text/messages.ts";
import { changesOf } from "./amounts.ts";

/** What the request is about, in the language of the screen; the service words it in English only. */
export function titleOf(approval: Approval): string {
  const text = messages.approvals.titles;
  const { numbers, target, title } = approval;
  switch (approval.kind) {
    case "retention_cut": {
      const names = changesOf(approval).map(({ category: name, label }) =>
        labelOf({ name, label }),
      );
      return names.length === 0 ? title : text.retention_cut([...new Set(names)].join(", "));
    }
    case "erasure": {
      // The case is in the title alone, behind the first colon.
      const at = title.indexOf(": ");
      if (typeof numbers.found !== "number" || at < 0) return title;
      return text.erasure(numbers.found, title.slice(at + 2));
    }
    case "hold_release": {
      const start = "Release the hold ";
      return title.startsWith(start) ? text.hold_release(title.slice(start.length)) : title;
    }
    case "four_eyes":
      return text.four_eyes(messages.approvals.eyesOf[target.id] ?? target.id);
    case "clock":
      return text.clock;
    case "tenant_deletion":
      return text.tenant_deletion(target.id);
    default:
      return title;
  }
}
