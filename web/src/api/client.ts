import type { Said } from "../text/en/mistakes.ts";
import { language } from "../text/language.ts";
import { messages } from "../text/messages.ts";

/** An answer of the service that is not a success, or no answer at all (status 0). */
export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly hint: string | null = null,
    readonly requestId: string | null = null,
    /** Where in the query text the mistake is, counted in characters. */
    readonly position: number | null = null,
    readonly expected: string | null = null,
    readonly retryAfter: number | null = null,
    /** The whole body, for what only some problems carry. */
    readonly body: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail);
  }
}

type Parameter = string | number | boolean | null | undefined;
export type Parameters = Record<string, Parameter>;

let csrf = "";
let bearer = "";
let renewBearer: (() => Promise<boolean>) | null = null;

/**
 * Owned by the frame in a host product: a viewer token takes the place of the cookie, and `renew`
 * is asked for another one when it has ended.
 */
export function keepBearer(token: string, renew: (() => Promise<boolean>) | null): void {
  bearer = token;
  renewBearer = renew;
}

/** Owned by the session: set on log in, sent with every unsafe method. */
export function keepCsrf(token: string): void {
  csrf = token;
}

/** An address of the API, relative to where the service lives. */
export function address(path: string, parameters: Parameters = {}): string {
  const url = new URL(path, document.baseURI);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== "")
      url.searchParams.set(name, `${value}`);
  }
  return url.href;
}

/** Asks the person again who they are; resolves to whether they showed it. Set by the screen. */
let confirmIdentity: (() => Promise<boolean>) | null = null;

export function onConfirmNeeded(ask: (() => Promise<boolean>) | null): void {
  confirmIdentity = ask;
}

interface Call {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  parameters?: Parameters;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** The answer may come when the page is gone. */
  keepalive?: boolean;
}

async function send(path: string, call: Call): Promise<Response> {
  try {
    return await sendOnce(path, call);
  } catch (problem) {
    const isAsked = problem instanceof ApiProblem && problem.code === "confirm-needed";
    if (!isAsked || confirmIdentity === null || !(await confirmIdentity())) throw problem;
    return sendOnce(path, call);
  }
}

async function sendOnce(path: string, call: Call): Promise<Response> {
  const headers: Record<string, string> = {
    accept: "application/json",
    "accept-language": language,
    ...call.headers,
  };
  const isOurs = bearer !== "" && headers.authorization === undefined;
  if (isOurs) headers.authorization = `Bearer ${bearer}`;
  const method = call.method ?? "GET";
  if (method !== "GET" && csrf) headers["x-csrf-token"] = csrf;
  if (call.body !== undefined) headers["content-type"] = "application/json";
  let reply: Response;
  try {
    reply = await fetch(address(path, call.parameters), {
      method,
      headers,
      // Who comes with a token is judged by it alone: a cookie lends it nothing.
      credentials: headers.authorization ? "omit" : "same-origin",
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      ...(call.signal ? { signal: call.signal } : {}),
      ...(call.keepalive ? { keepalive: true } : {}),
    });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiProblem(0, "no-answer", messages.states.noAnswer);
  }
  if (reply.status === 401 && isOurs && renewBearer && (await renewBearer()))
    return send(path, call);
  if (!reply.ok) throw await problemOf(reply);
  return reply;
}

async function problemOf(reply: Response): Promise<ApiProblem> {
  let body: Record<string, unknown> = {};
  try {
    body = (await reply.json()) as Record<string, unknown>;
  } catch {
    // A proxy's own page: the status alone has to do.
  }
  const text = (name: string): string | null =>
    typeof body[name] === "string" ? (body[name] as string) : null;
  const said = saidOf(body.mistake);
  const retry = Number(reply.headers.get("retry-after"));
  return new ApiProblem(
    reply.status,
    text("code") ?? `http-${reply.status}`,
    said?.what ?? text("detail") ?? text("title") ?? messages.states.answered(reply.status),
    said ? (said.hint ?? null) : text("hint"),
    text("request_id") ?? reply.headers.get("x-request-id"),
    typeof body.position === "number" ? body.position : null,
    said?.expected ?? text("expected"),
    Number.isFinite(retry) && retry > 0 ? retry : null,
    body,
  );
}

/** The mistake of a search in the language of the page; null of one that this page does not know. */
function saidOf(mistake: unknown): Said | null {
  const { kind, values } = (mistake ?? {}) as { kind?: string; values?: Record<string, string> };
  if (kind === undefined || !Object.hasOwn(messages.mistakes, kind)) return null;
  const word: (values: Record<string, string>) => Said =
    messages.mistakes[kind as keyof typeof messages.mistakes];
  return word(values ?? {});
}

/** A file that an unsafe method gives back. */
export async function callFile(path: string, options: Call): Promise<Blob> {
  return (await send(path, options)).blob();
}

export async function call<T>(path: string, options: Call = {}): Promise<T> {
  const reply = await send(path, options);
  return (reply.status === 204 ? undefined : await reply.json()) as T;
}

/** A file, with the name that the service gives it. */
export async function file(path: string, parameters: Parameters): Promise<[string, Blob]> {
  const reply = await send(path, { parameters });
  const [, name = "audit-log"] =
    /filename="([^"]+)"/.exec(reply.headers.get("content-disposition") ?? "") ?? [];
  return [name, await reply.blob()];
}

export async function text(path: string, signal?: AbortSignal): Promise<string> {
  return (await send(path, { signal })).text();
}
