import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import type { Parameters } from "../api/client.ts";
import { fetchStats } from "../api/log.ts";
import { type CopyForm, fetchSteps, type Step } from "../api/trail.ts";
import type { Session } from "../api/types.ts";
import { go, useAddress } from "../app/route.ts";
import { MenuButton } from "../controls/MenuButton.tsx";
import { Icon } from "../icons/Icon.tsx";
import { Failure } from "../logs/Failure.tsx";
import type { Top } from "../shell/Shell.tsx";
import { ZoneSwitch } from "../shell/ZoneSwitch.tsx";
import { messages } from "../text/messages.ts";
import { countText } from "../text/numbers.ts";
import { OneLine } from "../text/Shown.tsx";
import { trail } from "../text/trail.ts";
import { visible } from "../text/visible.ts";
import { isZone } from "../time/zones.ts";
import { CopyDialog, FORM_ORDER } from "./CopyDialog.tsx";
import { stepsLink } from "./link.ts";
import { type Asked, StepsForm } from "./StepsForm.tsx";
import { StepsList } from "./StepsList.tsx";
import "./steps.css";

const text = trail.steps;
const PAGE_STEPS = 300;

function readAsked(search: string): Asked {
  const given = new URLSearchParams(search);
  const moment = (name: string): string | null => {
    const value = given.get(name);
    return value !== null && !Number.isNaN(Date.parse(value)) ? value : null;
  };
  return {
    actor: given.get("actor") || null,
    session: given.get("session") || null,
    request: given.get("request") || null,
    from: moment("from"),
    to: moment("to"),
    tz: given.get("tz"),
  };
}

/** What an actor did, or what happened in a session or request, in order; and as code to repeat it. */
export default function StepsPage({ session, top }: { session: Session; top: Top }) {
  const { search } = useAddress();
  const asked = readAsked(search);
  const zone = asked.tz && isZone(asked.tz) ? asked.tz : session.settings.zone;
  const [form, setForm] = useState<CopyForm | null>(null);
  const whose = asked.actor ?? asked.session ?? asked.request;
  const parameters: Parameters = {
    actor: asked.actor,
    session: asked.session,
    request: asked.request,
    from: asked.from,
    to: asked.to,
    tz: zone,
  };
  const query = useInfiniteQuery({
    queryKey: ["steps", parameters],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      fetchSteps({ ...parameters, limit: PAGE_STEPS, cursor: pageParam }, signal),
    getNextPageParam: (last) => last.next_cursor,
    enabled: whose !== null,
  });
  const steps: Step[] = useMemo(
    () => query.data?.pages.flatMap((page) => page.steps) ?? [],
    [query.data],
  );
  const total = query.data?.pages[0]?.total ?? 0;
  useEffect(() => {
    const name = whose === null ? text.title : `${text.title}, ${visible(whose)}`;
    document.title = `${name} · ${messages.product}`;
  }, [whose]);
  const change = (part: Partial<Asked>) => go(stepsLink({ ...asked, ...part }));
  return (
    <>
      {top(
        text.title,
        <ZoneSwitch
          zone={zone}
          tenantZone={session.settings.zone}
          onChoose={(tz) => change({ tz: tz === session.settings.zone ? null : tz })}
        />,
      )}
      <StepsForm key={search} asked={asked} zone={zone} onShow={(next) => go(stepsLink(next))}>
        {steps.length > 0 && (
          <MenuButton
            label={text.copyAs}
            className="btn main"
            isNamed
            face={
              <>
                <Icon name="copy" />
                {text.copyAs}
                <Icon name="down" />
              </>
            }
          >
            {(close) =>
              FORM_ORDER.map((one) => (
                <button
                  key={one}
                  type="button"
                  role="menuitem"
                  tabIndex={-1}
                  onClick={() => {
                    close();
                    setForm(one);
                  }}
                >
                  {text.forms[one]}
                </button>
              ))
            }
          </MenuButton>
        )}
      </StepsForm>
      <div className="scroll steps-scroll">
        {whose === null ? (
          <>
            <State title={text.ask} hint={text.lead} />
            {asked.from && asked.to && (
              <WhoActed asked={asked} zone={zone} onChoose={(actor) => change({ actor })} />
            )}
          </>
        ) : query.isError ? (
          <Failure problem={query.error} retry={() => query.refetch()} />
        ) : !query.data ? (
          <p className="steps-wait muted" aria-busy="true">
            {text.reading}
          </p>
        ) : steps.length === 0 ? (
          <State title={text.none} hint={text.noneHint} />
        ) : (
          <StepsList
            steps={steps}
            zone={zone}
            format={session.settings.date_format}
            tenant={session.tenant.name}
          />
        )}
        {query.hasNextPage && (
          <p className="steps-more">
            <button
              type="button"
              className="btn"
              disabled={query.isFetchingNextPage}
              onClick={() => query.fetchNextPage()}
            >
              {text.more}
            </button>
          </p>
        )}
      </div>
      <div className="endbar">
        {steps.length > 0 && (
          <>
            <b>{text.count(steps.length, total)}</b>
            <Failing steps={steps} />
          </>
        )}
        <span className="grow" />
        <span className="mid-info">{zone}</span>
      </div>
      {form && <CopyDialog form={form} parameters={parameters} onClose={() => setForm(null)} />}
    </>
  );
}

const MOST_ACTORS = 50;

/** Who acted in the time that is asked for, the busiest first: one of them is a click away. */
function WhoActed(props: { asked: Asked; zone: string; onChoose: (actor: string) => void }) {
  const { from, to } = props.asked;
  const parameters = { from, to, tz: props.zone, group: "actor", limit: MOST_ACTORS };
  const { data } = useQuery({
    queryKey: ["stats", "who", parameters],
    queryFn: ({ signal }) => fetchStats(parameters, signal),
  });
  const found = (data?.groups ?? []).flatMap(({ key, count }) => (key ? [{ key, count }] : []));
  if (found.length === 0) return null;
  return (
    <section className="panel steps-who" aria-label={text.who}>
      <header>
        <h2>{text.who}</h2>
      </header>
      <ul className="in">
        {found.map(({ key, count }) => (
          <li key={key}>
            <button type="button" className="linkish" onClick={() => props.onChoose(key)}>
              <OneLine text={key} />
            </button>
            <span className="num muted">{countText(count)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function State({ title, hint }: { title: string; hint: string }) {
  return (
    <div className="state">
      <Icon name="empty" className="big" />
      <h2>{title}</h2>
      <p>{hint}</p>
    </div>
  );
}

/** How many failed, and a way to go from one to the next. */
function Failing({ steps }: { steps: Step[] }) {
  const [last, setLast] = useState(-1);
  const failing = steps.filter((step) => step.failed);
  if (failing.length === 0) return null;
  return (
    <>
      <span className="st fail">
        <Icon name="fail" />
        {text.failing(failing.length)}
      </span>
      <button
        type="button"
        className="linkish"
        onClick={() => {
          const next = (last + 1) % failing.length;
          setLast(next);
          const row = document.getElementById(`step-${failing[next]?.number}`);
          row?.scrollIntoView({ block: "center" });
          row?.querySelector<HTMLElement>("a")?.focus({ preventScroll: true });
        }}
      >
        {text.onlyFailing}
      </button>
    </>
  );
}
