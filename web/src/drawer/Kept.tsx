import { KEEP_PARTS } from "../api/retention.ts";
import type { AuditEvent, DateFormat } from "../api/types.ts";
import { Icon } from "../icons/Icon.tsx";
import { gone, goneText } from "../logs/cells.tsx";
import { dayText } from "../settings/periods.ts";
import { messages } from "../text/messages.ts";
import { OneLine } from "../text/Shown.tsx";

const text = messages.drawer.kept;

/** Until when the parts of an event are kept, what has gone already, and the holds on it. */
export function Kept({ event, format }: { event: AuditEvent; format: DateFormat }) {
  const { kept } = event;
  if (!kept) return null;
  const parts = KEEP_PARTS.filter((part) => event.state?.[part] !== undefined);
  return (
    <section className="block">
      <h2>{text.title}</h2>
      <dl className="pairs two kept">
        {parts.map((part) => {
          const missing = gone(event, part);
          const until = kept[`${part}_until`];
          return (
            <div key={part} className="pair">
              <dt>{messages.retention.parts[part]}</dt>
              <dd>
                {missing ? (
                  <span className="gone">{goneText(missing)}</span>
                ) : until ? (
                  text.until(dayText(until, format))
                ) : (
                  text.forEver
                )}
              </dd>
            </div>
          );
        })}
        <div className="pair">
          <dt>{messages.retention.hold}</dt>
          <dd>
            {kept.holds.length === 0
              ? messages.retention.none
              : kept.holds.map((hold) => (
                  <span key={hold} className="tag hold">
                    <Icon name="pin" />
                    <OneLine text={hold} />
                  </span>
                ))}
          </dd>
        </div>
      </dl>
    </section>
  );
}
