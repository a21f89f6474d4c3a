import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { ApiProblem } from "../api/client.ts";
import { FULL_STATUS, type FullStatus, fetchFullStatus } from "../api/status.ts";
import type { Session, Settings } from "../api/types.ts";
import { Link } from "../app/Link.tsx";
import { Failure } from "../logs/Failure.tsx";
import { doubtText } from "../settings/ClockNote.tsx";
import type { Top } from "../shell/Shell.tsx";
import { messages } from "../text/messages.ts";
import { bytesText } from "../text/numbers.ts";
import { OneLine } from "../text/Shown.tsx";
import { agoText, momentText } from "../time/format.ts";
import { type Fact, Facts } from "./Facts.tsx";
import { SourceTable } from "./SourceTable.tsx";

const text = messages.status;
const ASK_EVERY_MS = 10_000;

/** Main menu → Administration → Status. */
export default function StatusPage({ session, top }: { session: Session; top: Top }) {
  const isAdmin = session.person.role === "admin";
  const query = useQuery({
    queryKey: FULL_STATUS,
    queryFn: ({ signal }) => fetchFullStatus(signal),
    refetchInterval: ASK_EVERY_MS,
    refetchIntervalInBackground: false,
    staleTime: 0,
    retry: false,
    enabled: isAdmin,
  });
  useEffect(() => {
    document.title = `${text.title} · ${messages.product}`;
  }, []);
  if (!isAdmin) {
    return (
      <>
        {top(text.title)}
        <Failure
          problem={new ApiProblem(403, "denied", messages.states.deniedAdmin, " ")}
          retry={() => location.reload()}
        />
      </>
    );
  }
  return (
    <>
      {top(text.title)}
      <div className="page">
        <div className="column wide">
          <p className="lead">{text.lead}</p>
          {query.isError && !query.data ? (
            <Failure problem={query.error} retry={() => query.refetch()} />
          ) : (
            <Panels status={query.data ?? null} settings={session.settings} />
          )}
        </div>
      </div>
    </>
  );
}

function Panels({ status, settings }: { status: FullStatus | null; settings: Settings }) {
  if (status === null) {
    return (
      <section className="panel">
        <div className="in">
          <span className="bone key-bone" />
          <span className="bone key-bone" />
        </div>
      </section>
    );
  }
  const when = (at: string): string =>
    momentText(Date.parse(at), settings.zone, settings.date_format);
  return (
    <>
      <div className="panels">
        <Facts title={text.log} facts={logFacts(status)} />
        <Facts title={text.index} facts={indexFacts(status)} />
        <Facts title={text.check} facts={checkFacts(status, when)} />
        <Facts title={text.disk} facts={diskFacts(status)} />
        <Facts title={text.expiry} facts={expiryFacts(status, when)} />
      </div>
      <section className="panel">
        <header>
          <h2>{text.sources}</h2>
        </header>
        <SourceTable sources={status.sources} days={status.source_days} when={when} />
      </section>
    </>
  );
}

function logFacts({ ledger, tenant, version, now }: FullStatus): Fact[] {
  const { checkpoint } = ledger;
  const isLate = ledger.unsigned > 0 && (ledger.checkpoint_age_s ?? 0) > 60;
  return [
    { name: text.origin, value: <OneLine text={tenant.origin} /> },
    { name: text.size, value: messages.amounts.entries(ledger.size) },
    {
      name: text.checkpoint,
      value: checkpoint
        ? text.checkpointAt(checkpoint.size, agoText(Date.parse(checkpoint.time), Date.parse(now)))
        : messages.seal.noCheckpoint,
      mark: isLate ? "denied" : "ok",
    },
    { name: text.unsigned, value: messages.amounts.entries(ledger.unsigned) },
    {
      name: text.queue,
      value: text.queueOf(ledger.queued_events, ledger.queue_limit),
      mark: ledger.queued_events * 2 > ledger.queue_limit ? "denied" : undefined,
    },
    { name: text.version, value: version },
  ];
}

function indexFacts({ index, memory }: FullStatus): Fact[] {
  const facts: Fact[] = [
    {
      name: text.state,
      value: text.indexStates[index.state],
      mark: index.state === "ready" ? "ok" : index.state === "failed" ? "fail" : "denied",
    },
    { name: text.indexed, value: messages.amounts.entries(index.indexed_through) },
    { name: text.lag, value: text.lagOf(index.lag_entries, index.lag_s) },
    { name: text.restarts, value: messages.amounts.times(index.restarts) },
    {
      name: text.memory,
      value: text.memoryOf(bytesOr(memory.service), bytesOr(memory.index)),
    },
  ];
  if (index.detail) facts.push({ name: text.detail, value: <OneLine text={index.detail} /> });
  for (const alert of index.alerts) {
    facts.push({ name: text.alert, value: <OneLine text={alert} />, mark: "fail" });
  }
  return facts;
}

function checkFacts({ check }: FullStatus, when: (at: string) => string): Fact[] {
  const facts: Fact[] = [
    {
      name: text.state,
      value: text.checkStates[check.state],
      mark: check.state === "fault" ? "fail" : check.state === "sound" ? "ok" : undefined,
    },
    {
      name: text.lastCheck,
      value:
        check.done_at && check.done_size !== null
          ? text.checkedAt(check.done_size, when(check.done_at))
          : messages.keys.never,
    },
    { name: text.round, value: messages.amounts.entries(check.checked) },
    { name: text.every, value: messages.amounts.hours(check.every_hours) },
  ];
  if (check.fault) {
    facts.push({
      name: text.fault,
      value: <OneLine text={text.faultAt(check.fault_entry, check.fault)} />,
      mark: "fail",
    });
  }
  return facts;
}

function expiryFacts({ expiry }: FullStatus, when: (at: string) => string): Fact[] {
  const { state, detail, clock, last_sweep_at, last } = expiry;
  const facts: Fact[] = [
    {
      name: text.state,
      value: messages.retention.sweeper[state],
      mark: state === "stopped" ? "fail" : state === "waiting" ? "denied" : "ok",
    },
    { name: text.lastSweep, value: last_sweep_at ? when(last_sweep_at) : messages.keys.never },
    {
      name: text.lastRemoval,
      value: last ? text.removedAt(last.events, when(last.at)) : messages.keys.never,
    },
  ];
  if (clock) {
    facts.push({
      name: text.clock,
      value: (
        <>
          {doubtText(clock)} {messages.retention.clock.held}{" "}
          <Link to="settings">{text.toSettings}</Link>
        </>
      ),
      mark: "denied",
    });
  } else if (detail) {
    facts.push({ name: text.detail, value: <OneLine text={detail} /> });
  }
  return facts;
}

function diskFacts({ disk }: FullStatus): Fact[] {
  if (!disk) return [{ name: text.state, value: text.unknown, mark: "fail" }];
  const days = disk.full_in_days;
  return [
    { name: text.used, value: bytesText(disk.ledger + disk.control + disk.index) },
    { name: text.ledgerSize, value: bytesText(disk.ledger) },
    { name: text.indexSize, value: bytesText(disk.index) },
    { name: text.free, value: text.freeOf(bytesText(disk.free), bytesText(disk.total)) },
    {
      name: text.perDay,
      value: disk.bytes_per_day === null ? text.unknown : bytesText(disk.bytes_per_day),
    },
    {
      name: text.full,
      value: days === null ? text.notSoon : text.fullIn(days),
      mark: days !== null && days < 14 ? "fail" : days !== null && days < 60 ? "denied" : "ok",
    },
  ];
}

const bytesOr = (value: number | undefined): string =>
  value === undefined ? text.unknown : bytesText(value);
