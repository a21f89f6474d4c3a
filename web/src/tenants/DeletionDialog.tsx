import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import {
  askDeletion,
  type Consequence,
  fetchConsequence,
  TENANTS,
  type Tenant,
} from "../api/tenants.ts";
import type { DateFormat } from "../api/types.ts";
import { ReasonDialog } from "../controls/ReasonDialog.tsx";
import { Icon } from "../icons/Icon.tsx";
import { dayText } from "../settings/periods.ts";
import { messages } from "../text/messages.ts";
import { countText } from "../text/numbers.ts";

const text = messages.tenants;
const COUNTED = [
  "people",
  "keys",
  "viewer_tokens",
  "views",
  "exports",
  "floors",
] as const satisfies readonly (keyof Consequence["numbers"])[];

interface DeletionDialogProps {
  tenant: Tenant;
  format: DateFormat;
  onClose: () => void;
  onAsked: () => void;
}

/** The consequence in numbers first; then the name typed in, a reason, and the button works. */
export function DeletionDialog({ tenant, format, onClose, onAsked }: DeletionDialogProps) {
  const [typed, setTyped] = useState("");
  const { data, error } = useQuery({
    queryKey: [...TENANTS, tenant.name, "deletion"],
    queryFn: ({ signal }) => fetchConsequence(tenant.name, signal),
    staleTime: 0,
    gcTime: 0,
  });
  const isFree = data !== undefined && data.obstacles.length === 0;
  return (
    <ReasonDialog
      title={text.removeTitle(tenant.name)}
      reasonLabel={text.reason}
      cancel={text.cancel}
      confirm={text.ask}
      isDangerous
      isReady={isFree && typed === tenant.name}
      act={(reason) => askDeletion(tenant.name, typed, reason).then(onAsked)}
      onClose={onClose}
      more={
        <label className="lbl">
          {text.typeName(tenant.name)}
          <input
            className="input"
            autoComplete="off"
            spellCheck={false}
            maxLength={40}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        </label>
      }
    >
      {error && (
        <p className="wrong" role="alert">
          <Icon name="fail" />
          {error.message}
        </p>
      )}
      {data ? (
        <Told consequence={data} format={format} />
      ) : (
        <output className="muted">{messages.logs.reading}</output>
      )}
    </ReasonDialog>
  );
}

function Told({ consequence, format }: { consequence: Consequence; format: DateFormat }) {
  const { numbers, obstacles } = consequence;
  return (
    <>
      <p>{text.consequence}</p>
      <dl className="pairs tenant-numbers">
        <dt>{text.numbers.events}</dt>
        <dd>{countText(numbers.events)}</dd>
        <dt>{text.numbers.days}</dt>
        <dd>
          {numbers.first_day && numbers.last_day
            ? text.span(dayText(numbers.first_day, format), dayText(numbers.last_day, format))
            : text.none}
        </dd>
        {COUNTED.map((name) => (
          <div className="pair" key={name}>
            <dt>{text.numbers[name]}</dt>
            <dd>{countText(numbers[name])}</dd>
          </div>
        ))}
      </dl>
      {obstacles.length > 0 ? (
        <div className="warnbox" role="alert">
          <b>{text.inTheWay}</b>
          <ul>
            {obstacles.map((one) => (
              <li key={one.detail}>
                {text.obstacles[one.code] ?? one.detail}
                {one.until && ` (${text.until(dayText(one.until, format))})`}
              </li>
            ))}
          </ul>
        </div>
      ) : (
        <p className="warnbox">
          {text.notice(consequence.deletion_days)}
          {consequence.deciders === 0 && ` ${text.alone}`}
        </p>
      )}
    </>
  );
}
