import { call } from "./client.ts";

export const APPROVALS = ["approvals"] as const;

/** Kinds of acts that can wait for a second person. */
export type ApprovalKind =
  | "erasure"
  | "hold_release"
  | "retention_cut"
  | "key_export"
  | "four_eyes"
  | "clock"
  | "tenant_deletion";

export interface Approval {
  id: string;
  kind: ApprovalKind;
  state: string;
  title: string;
  reason: string;
  target: { type: string; id: string };
  /** What the act comes to; each kind has numbers of its own. */
  numbers: Record<string, unknown>;
  asked_by: { id: string; name: string };
  asked_at: string;
  expires_at: string;
  decided_by: { id: string; name: string } | null;
  decided_at: string | null;
  decision: string | null;
  done_at: string | null;
  mine: boolean;
  may_decide: boolean;
  why_not: string | null;
  /** How many others could decide. */
  deciders: number;
  hint: string | null;
}

export interface Approvals {
  approvals: Approval[];
  waiting: number;
  to_decide: number;
  four_eyes: Record<ApprovalKind, boolean>;
}

export const fetchApprovals = (signal?: AbortSignal): Promise<Approvals> =>
  call("v1/approvals", { signal });

export const decideApproval = (
  id: string,
  decision: "approve" | "refuse",
  reason: string,
): Promise<Approval> =>
  call(`v1/approvals/${encodeURIComponent(id)}/decision`, {
    method: "POST",
    body: { decision, reason },
  });

export const withdrawApproval = (id: string): Promise<Approval> =>
  call(`v1/approvals/${encodeURIComponent(id)}/withdraw`, { method: "POST" });

export const WAITING = ["approvals", "waiting"] as const;

export interface Waiting {
  waiting: number;
  to_decide: number;
}

/** How many requests wait, and how many of them for this person. */
export const fetchWaiting = (signal?: AbortSignal): Promise<Waiting> =>
  call("v1/approvals/waiting", { signal });

export const setFourEyes = (
  kind: string,
  on: boolean,
  reason: string,
): Promise<{ four_eyes: Record<ApprovalKind, boolean>; approval: Approval | null }> =>
  call(`v1/four-eyes/${kind}`, { method: "PUT", body: { on, reason } });
