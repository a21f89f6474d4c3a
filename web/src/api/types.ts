import type { Preferences } from "../controls/preferences.ts";

/** What the service sends, as in the HTTP contract. Text in it is hostile: show it through `text/`. */

export type Stream = "user" | "system" | "task";
export type Period = "day" | "week" | "month";
export type Outcome = "success" | "failure" | "denied" | "unknown";
export type Order = "desc" | "asc";
export type ActorKind =
  | "user"
  | "service"
  | "api_key"
  | "external"
  | "system"
  | "task"
  | "anonymous";

export interface Principal {
  kind?: ActorKind | null;
  id?: string | null;
  email?: string | null;
  name?: string | null;
}

export interface Actor extends Principal {
  on_behalf_of?: Principal | null;
}

export interface Origin {
  ip?: string | null;
  peer_ip?: string | null;
  device_id?: string | null;
  user_agent?: string | null;
}

export interface Target {
  type?: string | null;
  id?: string | null;
  name?: string | null;
}

export interface Change {
  path: string;
  before?: unknown;
  after?: unknown;
}

export interface Context {
  request_id?: string | null;
  session_id?: string | null;
  trace_id?: string | null;
  source?: string | null;
  source_version?: string | null;
  source_instance?: string | null;
  source_seq?: number | null;
  altered?: string[] | null;
}

export interface Job {
  id?: string | null;
  root_id?: string | null;
  parent_id?: string | null;
  attempt?: number | null;
  state?: string | null;
  queue?: string | null;
  worker?: string | null;
  scheduled_for?: string | null;
  duration_ms?: number | null;
}

/** State of one part: a word, or the word with the entry that explains it. */
export type PartState = string | { state: string; index?: number | null } | null;

type Parts = "fact" | "person" | "content";

/** The entry that explains why a part is gone, with the policy it went by or the reason given. */
export interface Explained {
  how: "expired" | "erased";
  index: number;
  policy?: number | null;
  reason?: string | null;
}

/** Until when the parts are kept (days, null for ever), and the holds on the event. */
export interface KeptUntil {
  category: string;
  fact_until: string | null;
  person_until: string | null;
  content_until: string | null;
  holds: string[];
  /** For each part that is gone. */
  explained?: Partial<Record<Parts, Explained>>;
}

export interface AuditEvent {
  id: string;
  index: number;
  stream: Stream;
  category?: string | null;
  operation: string;
  method?: string | null;
  endpoint?: string | null;
  status?: number | null;
  outcome?: Outcome | null;
  occurred_at: string;
  received_at?: string | null;
  actor?: Actor | null;
  origin?: Origin | null;
  targets?: Target[] | null;
  changes?: Change[] | null;
  context?: Context | null;
  job?: Job | null;
  severity?: string | null;
  reason?: string | null;
  metadata?: Record<string, unknown> | null;
  leaf_hash?: string | null;
  reported_by?: string | null;
  late?: boolean | null;
  conflict_of?: string | null;
  state?: { fact?: PartState; person?: PartState; content?: PartState } | null;
  explained_by?: Partial<Record<Parts, number | null>> | null;
  kept?: KeptUntil | null;
}

export interface TimeRange {
  from: string;
  to: string;
  tz: string;
}

export interface EventPage {
  events: AuditEvent[];
  next_cursor: string | null;
  prev_cursor?: string | null;
  range: TimeRange;
  /** `when` is the part of the sentence that says the time. */
  query: { text: string; explained: string; when?: string };
  indexed_through: number;
  nearest?: { before: string | null; after: string | null } | null;
}

export interface StatsGroup {
  key: string;
  count: number;
  by_outcome?: Partial<Record<Outcome, number>>;
}

export interface Stats {
  total: number;
  exact: boolean;
  groups?: StatsGroup[];
  interval_s?: number;
  indexed_through: number;
  range?: TimeRange;
}

export type DateFormat = "dmy" | "iso" | "mdy";
export type WeekStart = "monday" | "sunday" | "saturday";

export interface Settings {
  zone: string;
  date_format: DateFormat;
  week_start: WeekStart;
  show_own: boolean;
}

export interface Session {
  person: { id: string; email: string; name: string; role: string };
  tenant: { name: string; title?: string | null; origin: string };
  csrf: string;
  expires_at: string;
  settings: Settings;
  version: string;
  has_events: boolean;
  /** A second factor must be set up before anything else. */
  needs_factor: boolean;
  /** Whether this is an administrator of the first tenant, and there is another or was. */
  sees_tenants?: boolean;
  /** How the login was made: `password`, `passkey`, `oidc`, `proxy` … */
  way?: string;
  /** Where the identity provider ends its own login; null for other ways in. */
  logout_url?: string | null;
  /** What the account keeps of how the list is drawn. */
  preferences?: Preferences;
  /** Of the frame in a host product: what its viewer token allows. `streams` null are all. */
  embed?: { title: string; streams: Stream[] | null; mayExport: boolean };
}

export type KeyKind = "w" | "r" | "a" | "s";

export interface ApiKey {
  id: string;
  name: string;
  kind: KeyKind | "write" | "read" | "admin";
  created_at: string;
  last_used_at?: string | null;
  revoked_at?: string | null;
  expires_at?: string | null;
  networks?: string[];
  scope?: Record<string, unknown> | null;
  /** Until when the secret before the last rotation is taken. */
  old_until?: string | null;
}

export interface Status {
  version: string;
  tenant: { name: string; origin: string };
  ledger: {
    size: number;
    checkpoint: { size: number; root: string; time: string } | null;
    witnesses: number;
  };
  index: {
    state: "ready" | "catching_up" | "restarting" | "failed";
    indexed_through: number;
    lag_entries: number;
    lag_s: number;
    detail: string | null;
  };
  last_event_at: string | null;
}
