import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { fetchProfile, type Profile } from "../api/profile.ts";
import type { Session } from "../api/types.ts";
import { Link } from "../app/Link.tsx";
import { useAddress } from "../app/route.ts";
import { Icon } from "../icons/Icon.tsx";
import { barsOf, OUTCOMES, pathsOf } from "../logs/bars.ts";
import { Failure } from "../logs/Failure.tsx";
import { readView, writeView } from "../logs/view.ts";
import type { Top } from "../shell/Shell.tsx";
import { around, stepsLink } from "../steps/link.ts";
import { messages } from "../text/messages.ts";
import { countText } from "../text/numbers.ts";
import { OneLine } from "../text/Shown.tsx";
import { visible } from "../text/visible.ts";
import { momentText } from "../time/format.ts";
import { isProfile, type Of, profileAddress } from "./address.ts";
import { TargetHistory } from "./TargetHistory.tsx";
import "./profile.css";

const text = messages.profile;
const STEPS_MINUTES = 30;
const LOOKS = { success: "b-ok", denied: "b-denied", failure: "b-fail", unknown: "b-none" };

/** The page of an actor, an address, an operation or a target. */
export default function ProfilePage({ session, top, of }: { session: Session; top: Top; of: Of }) {
  const { search } = useAddress();
  const given = new URLSearchParams(search);
  const value = given.get("value") ?? "";
  const type = given.get("type") ?? "";
  const zone = session.settings.zone;
  const asked = { of, value, type, tz: zone };
  const query = useQuery({
    queryKey: ["profile", asked],
    queryFn: ({ signal }) => fetchProfile(asked, signal),
    retry: false,
  });
  const name = visible(type ? `${type} ${value}` : value);
  useEffect(() => {
    document.title = `${name} · ${text.titles[of]} · ${messages.product}`;
  }, [name, of]);
  const profile = query.data?.profile;
  const moment = (iso: string) => momentText(Date.parse(iso), zone, session.settings.date_format);
  return (
    <>
      {top(text.titles[of])}
      <div className="page">
        <div className="column wide profile">
          <header className="profile-head">
            <h2>
              {type && <span className="muted">{visible(type)} </span>}
              <OneLine text={value} />
            </h2>
            {of === "actor" && profile?.last && (
              <Link
                className="btn"
                to={stepsLink({ actor: value, ...around(profile.last, STEPS_MINUTES) })}
              >
                <Icon name="steps" />
                {text.steps}
              </Link>
            )}
            {profile?.first && (
              <Link className="btn" to={listOf(profile)}>
                <Icon name="log" />
                {text.toList}
              </Link>
            )}
          </header>
          {query.isError && <Failure problem={query.error} retry={() => query.refetch()} />}
          {profile && profile.first === null && (
            <div className="state">
              <h2>{text.nothing}</h2>
              <p>{text.nothingHint}</p>
            </div>
          )}
          {profile?.first && profile.last && (
            <>
              {of === "target" && (
                <TargetHistory session={session} type={type} id={value} at={given.get("at")} />
              )}
              <section className="panel" aria-label={text.over}>
                <header>
                  <h2>{text.over}</h2>
                </header>
                <div className="in">
                  <p>
                    <b>{text.events(profile.events)}</b>, {text.failed(profile.failed)}.{" "}
                    {text.seen(moment(profile.first), moment(profile.last))}
                  </p>
                  <Spark profile={profile} />
                </div>
              </section>
              <div className="related">
                {profile.related.map((related) => (
                  <section
                    key={related.by}
                    className="panel"
                    aria-label={text.related[related.by] ?? related.by}
                  >
                    <header>
                      <h2>{text.related[related.by] ?? related.by}</h2>
                    </header>
                    <ul className="in">
                      {related.values.map((one) => (
                        <li key={one.key ?? "\0"}>
                          {one.key === null ? (
                            <span className="muted">{messages.logs.nothing}</span>
                          ) : (
                            <Related by={related.by} value={one.key} />
                          )}
                          <span className="num">{countText(one.count)}</span>
                        </li>
                      ))}
                    </ul>
                  </section>
                ))}
              </div>
            </>
          )}
        </div>
      </div>
    </>
  );
}

function listOf(profile: Profile): string {
  const to = new Date(Date.parse(profile.last ?? "") + 1000).toISOString();
  const view = { ...readView(""), period: null, from: profile.first, to, q: profile.include };
  return writeView(view);
}

function Related({ by, value }: { by: string; value: string }) {
  if (by === "target") {
    const [type = "", ...rest] = value.split(" ");
    const [kind, id] = rest.length > 0 ? [type, rest.join(" ")] : ["", type];
    return (
      <Link to={profileAddress("target", id, kind)}>
        <OneLine text={value} />
      </Link>
    );
  }
  if (!isProfile(by)) return <OneLine text={value} />;
  return (
    <Link to={profileAddress(by, value)}>
      <OneLine text={value} />
    </Link>
  );
}

const [WIDTH, HEIGHT] = [840, 40];

function Spark({ profile }: { profile: Profile }) {
  const keys = profile.bars.map((bar) => Date.parse(bar.key));
  const step = profile.interval_s * 1000;
  const whole = { from: Math.min(...keys), to: Math.max(...keys) + step };
  const paths = pathsOf(
    barsOf(profile.bars, profile.interval_s, whole),
    profile.interval_s,
    whole,
    WIDTH,
    HEIGHT,
  );
  return (
    <div className="plot spark">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${text.over}: ${text.events(profile.events)}, ${text.failed(profile.failed)}`}
      >
        {OUTCOMES.map((name) => (
          <path key={name} className={LOOKS[name]} d={paths[name]} />
        ))}
        <path className="base" d={`M0 ${HEIGHT}H${WIDTH}`} />
      </svg>
    </div>
  );
}
