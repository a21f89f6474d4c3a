import { useQuery } from "@tanstack/react-query";
import { Suspense, useEffect } from "react";
import { ERASURES, fetchErasures } from "../api/erasures.ts";
import { fetchHolds, HOLDS } from "../api/holds.ts";
import { fetchRetention, RETENTION } from "../api/retention.ts";
import type { DateFormat, Session } from "../api/types.ts";
import { Link } from "../app/Link.tsx";
import { go, useAddress, wasOpened } from "../app/route.ts";
import { Tabs } from "../controls/Tabs.tsx";
import { Icon } from "../icons/Icon.tsx";
import type { Top } from "../shell/Shell.tsx";
import { messages } from "../text/messages.ts";
import { footOf } from "./names.ts";
import { TABS } from "./tabs.ts";
import "./settings.css";

const text = messages.settings;
const UNDER_WAY: ReadonlySet<string> = new Set(["waiting", "approved", "removing"]);
/** Everything that Indelible says about itself, acts of people first. */
const OWN_EVENTS = "?period=month&q=category%3Aaudit";

/** The gear: what is recorded, how long it is kept, and how it is shown. */
export default function SettingsPage({ session, top }: { session: Session; top: Top }) {
  const { search } = useAddress();
  const asked = new URLSearchParams(search).get("tab");
  const tab = TABS.find((item) => item.key === asked) ?? TABS[0];
  useEffect(() => {
    document.title = `${text.title} · ${messages.product}`;
  }, []);
  const isAdmin = session.person.role === "admin";
  const counts = useCounts(isAdmin);
  if (!tab) return null;
  const choose = (key: string) =>
    go(key === TABS[0]?.key ? "settings" : `settings?tab=${key}`, {
      replace: true,
      opened: wasOpened(),
    });
  return (
    <>
      {top(text.title, null, undefined, () => (wasOpened() ? history.back() : go("")))}
      <div className="bar settings-bar">
        <Tabs
          label={text.title}
          tabs={TABS.map((item) => ({ ...item, count: counts[item.key] }))}
          current={tab.key}
          controls="settings-part"
          onChoose={choose}
        />
      </div>
      <div
        className="page settings-page"
        id="settings-part"
        role="tabpanel"
        aria-labelledby={`settings-part-tab-${tab.key}`}
      >
        {!isAdmin && (
          <p className="settings-readonly">
            <Icon name="lock" />
            {text.readOnly}
          </p>
        )}
        <Suspense fallback={<output className="vh">{messages.logs.reading}</output>}>
          <tab.Panel session={session} isAdmin={isAdmin} />
        </Suspense>
      </div>
      <div className="endbar">
        <PolicyFoot format={session.settings.date_format} />
        <span className="grow" />
        <Link to={OWN_EVENTS}>{text.everyChange}</Link>
      </div>
    </>
  );
}

/** Which policy is in force, under every tab. */
function PolicyFoot({ format }: { format: DateFormat }) {
  const { data } = useQuery({
    queryKey: RETENTION,
    queryFn: ({ signal }) => fetchRetention(signal),
  });
  if (!data) return null;
  return <span className="cut">{footOf(data, format)}</span>;
}

/** How many holds are open, and how many erasures are under way, behind the names of their tabs. */
function useCounts(isAdmin: boolean): Record<string, number | undefined> {
  const holds = useQuery({
    queryKey: HOLDS,
    queryFn: ({ signal }) => fetchHolds(signal),
  });
  const erasures = useQuery({
    queryKey: ERASURES,
    queryFn: ({ signal }) => fetchErasures(signal),
    enabled: isAdmin,
  });
  return {
    holds: holds.data?.filter((hold) => hold.state !== "released").length,
    erasures: erasures.data?.filter((one) => UNDER_WAY.has(one.state)).length,
  };
}
