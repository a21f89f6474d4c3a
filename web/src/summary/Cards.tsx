import type { Amount, Summary } from "../api/summary.ts";
import { Link } from "../app/Link.tsx";
import { Icon } from "../icons/Icon.tsx";
import type { View } from "../logs/view.ts";
import { messages } from "../text/messages.ts";
import { countText } from "../text/numbers.ts";
import { OneLine } from "../text/Shown.tsx";
import { listAddress } from "./address.ts";
import { sizeText } from "./amounts.tsx";

const text = messages.summary;

/** Four numbers with what they were before. */
export function Cards({ summary, view }: { summary: Summary; view: View }) {
  const { now, previous, people, operations } = summary;
  return (
    <dl className="cards">
      <div>
        <dt>{text.events}</dt>
        <dd>
          {countText(now.events)} <From name="events" now={now} before={previous} />
        </dd>
      </div>
      <div>
        <dt>{text.failed}</dt>
        <dd>
          {countText(now.failed)} <From name="failed" now={now} before={previous} />
        </dd>
      </div>
      <div>
        <dt>{text.people}</dt>
        <dd>
          {countText(people.seen)}{" "}
          <small className="muted">{text.firstTime(people.first_time)}</small>
          <Names values={people.values} field="actor" view={view} />
        </dd>
      </div>
      <div>
        <dt>{text.newOperations}</dt>
        <dd>
          {countText(operations.first_time)}
          <Names values={operations.values} field="operation" view={view} />
        </dd>
      </div>
    </dl>
  );
}

function From({ name, now, before }: { name: keyof Amount; now: Amount; before: Amount }) {
  const [here, there] = [now[name], before[name]];
  if (here === there) return <small className="muted">{text.same(countText(there))}</small>;
  // Of nothing there is no share.
  if (there === 0) return <small className="muted">{text.from("", "0").trim()}</small>;
  const isWorse = name === "failed" && here > there;
  return (
    <small className={isWorse ? "delta st denied" : "delta muted"}>
      <Icon name={here > there ? "up" : "dn"} />
      {text.from(sizeText(here, there), countText(there))}
    </small>
  );
}

function Names({ values, field, view }: { values: string[]; field: string; view: View }) {
  const [first] = values;
  if (first === undefined) return null;
  const escaped = first.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
  return (
    <small className="card-name">
      <Link to={listAddress(view, `${field}:"${escaped}"`, null)}>
        <OneLine text={first} />
      </Link>
    </small>
  );
}
