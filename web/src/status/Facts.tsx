import type { ReactNode } from "react";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";

export type Mark = "ok" | "denied" | "fail";

export interface Fact {
  name: string;
  value: ReactNode;
  /** Good, worth a look, wrong; nothing where there is nothing to judge. */
  mark?: Mark | undefined;
}

/** A panel of names and values. */
export function Facts({ title, facts }: { title: string; facts: Fact[] }) {
  return (
    <section className="panel">
      <header>
        <h2>{title}</h2>
      </header>
      <dl className="facts">
        {facts.map(({ name, value, mark }, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: alerts share a name; the order is fixed
          <div key={`${name} ${place}`}>
            <dt>{name}</dt>
            <dd>
              {mark ? (
                <span className={`st ${mark}`}>
                  <Icon name={mark} />
                  <span className="vh">{messages.status.marks[mark]} </span>
                  <span className="value">{value}</span>
                </span>
              ) : (
                value
              )}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
