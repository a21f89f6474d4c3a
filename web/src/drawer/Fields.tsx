import { Shown } from "../text/Shown.tsx";
import { visible } from "../text/visible.ts";
import type { Field } from "./fields.ts";

/** Names and values in two columns, or in four. */
export function Fields({ fields, two = false }: { fields: Field[]; two?: boolean }) {
  return (
    <dl className={two ? "pairs two" : "pairs wrap"}>
      {fields.map((field, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: names repeat (targets); the order is fixed
        <div key={`${at} ${field.name}`} className="pair">
          <dt>
            <Shown text={field.name} />
          </dt>
          <dd className={field.mono ? "mono" : ""} title={two ? visible(field.value) : undefined}>
            <bdi>
              <Shown text={field.value} />
            </bdi>
            {field.extra && <span className="muted"> {field.extra}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
