import type { OneTimeLink } from "../api/users.ts";
import { basePath } from "../app/route.ts";
import { CopyButton } from "../controls/CopyButton.tsx";
import { messages } from "../text/messages.ts";
import { visible } from "../text/visible.ts";

const text = messages.users;

/** A one-time link that was just made: the only time that it is shown. */
export function LinkPanel({ link, onDone }: { link: OneTimeLink; onDone: () => void }) {
  const whole = `${location.origin}${basePath().replace(/\/$/, "")}${link.path}`;
  return (
    <section className="panel" aria-live="polite">
      <header>
        <h2>{text.linkTitle(visible(link.email))}</h2>
        <button type="button" className="btn" onClick={onDone}>
          {text.done}
        </button>
      </header>
      <div className="in">
        <p className="lead">{text.linkText(link.valid_hours)}</p>
        <div className="secret">
          <code>{whole}</code>
          <CopyButton text={whole} label={text.copy} face={messages.drawer.copy} className="btn" />
        </div>
      </div>
    </section>
  );
}
