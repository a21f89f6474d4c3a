import type { Tenant } from "../api/tenants.ts";
import { Link } from "../app/Link.tsx";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { countText } from "../text/numbers.ts";
import { OneLine, Shown } from "../text/Shown.tsx";

const text = messages.tenants;

interface TenantTableProps {
  tenants: Tenant[] | null;
  when: (at: string) => string;
  onRemove: (tenant: Tenant) => void;
  onKeep: (tenant: Tenant) => void;
}

/** The tenants that are there, oldest first. */
export function TenantTable({ tenants, when, onRemove, onKeep }: TenantTableProps) {
  return (
    <section className="panel" aria-labelledby="tenants-there">
      <header>
        <h2 id="tenants-there">{text.title}</h2>
      </header>
      <table className="plain tenants">
        <thead>
          <tr>
            <th scope="col">{text.name}</th>
            <th scope="col">{text.origin}</th>
            <th scope="col" className="num">
              {text.entries}
            </th>
            <th scope="col">{text.state}</th>
            <th scope="col">
              <span className="vh">{text.acts}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {(tenants ?? []).map((tenant) => (
            <tr key={tenant.name}>
              <td>
                <OneLine text={tenant.name} />
                {tenant.is_home && <span className="tag">{text.home}</span>}
              </td>
              <td data-label={text.origin}>
                <OneLine text={tenant.origin} />
              </td>
              <td data-label={text.entries} className="num">
                {countText(tenant.entries)}
              </td>
              <td data-label={text.state} className="tenant-state">
                <State tenant={tenant} when={when} />
              </td>
              <td>
                <Acts tenant={tenant} onRemove={onRemove} onKeep={onKeep} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function State({ tenant, when }: { tenant: Tenant; when: (at: string) => string }) {
  const { approval, deletion } = tenant;
  if (deletion?.state === "announced") {
    return (
      <span className="st fail">
        <Icon name="wait" />
        {text.due(when(deletion.due_at))}
      </span>
    );
  }
  if (approval) {
    return (
      <span className="st denied">
        <Icon name="wait" />
        {text.waits}
      </span>
    );
  }
  return (
    <>
      <span className="st ok">
        <Icon name="ok" />
        {text.active}
      </span>
      {deletion?.state === "refused" && (
        <span className="muted">
          <Shown text={text.wasRefused(deletion.note ?? "")} />
        </span>
      )}
    </>
  );
}

function Acts({
  tenant,
  onRemove,
  onKeep,
}: Pick<TenantTableProps, "onRemove" | "onKeep"> & { tenant: Tenant }) {
  if (tenant.is_home) return null;
  if (tenant.deletion?.state === "announced") {
    return (
      <button
        type="button"
        className="btn"
        aria-label={text.withdrawOf(tenant.name)}
        onClick={() => onKeep(tenant)}
      >
        {text.withdraw}
      </button>
    );
  }
  if (tenant.approval) {
    return (
      <Link className="btn" to="approvals">
        {text.decide}
      </Link>
    );
  }
  return (
    <button
      type="button"
      className="btn quiet danger"
      aria-label={text.removeOf(tenant.name)}
      onClick={() => onRemove(tenant)}
    >
      {text.remove}
    </button>
  );
}
