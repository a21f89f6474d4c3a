import { type DeletedTenant, deletionCertificate } from "../api/tenants.ts";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { countText } from "../text/numbers.ts";
import { OneLine } from "../text/Shown.tsx";

const text = messages.tenants;

/** What stays of tenants that were deleted, or are just going. */
export function DeletedTable({
  deleted,
  when,
}: {
  deleted: DeletedTenant[];
  when: (at: string) => string;
}) {
  return (
    <section className="panel" aria-labelledby="tenants-deleted">
      <header>
        <h2 id="tenants-deleted">{text.deleted}</h2>
        <span className="muted">{text.deletedLead}</span>
      </header>
      <table className="plain tenants">
        <thead>
          <tr>
            <th scope="col">{text.name}</th>
            <th scope="col">{text.origin}</th>
            <th scope="col" className="num">
              {text.events}
            </th>
            <th scope="col">{text.deletedAt}</th>
            <th scope="col">
              <span className="vh">{text.certificate}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {deleted.map(({ name, origin, deletion }) => (
            <tr key={name}>
              <td>
                <OneLine text={name} />
              </td>
              <td data-label={text.origin}>
                <OneLine text={origin} />
              </td>
              <td data-label={text.events} className="num">
                {countText(deletion.numbers.events)}
              </td>
              <td data-label={text.deletedAt}>
                {deletion.state === "deleted" && deletion.ended_at ? (
                  when(deletion.ended_at)
                ) : (
                  <span className="st denied">
                    <Icon name="task" />
                    {text.states[deletion.state] ?? deletion.state}
                  </span>
                )}
              </td>
              <td className="tenant-papers">
                {deletion.has_certificate &&
                  (["pdf", "json"] as const).map((form) => (
                    <a
                      key={form}
                      className="btn"
                      href={new URL(deletionCertificate(name, form), document.baseURI).href}
                      download
                      aria-label={text.certificateOf(name, text[form])}
                    >
                      <Icon name="export" />
                      {text[form]}
                    </a>
                  ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
