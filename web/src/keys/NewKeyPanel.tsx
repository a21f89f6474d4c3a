import type { NewKey } from "../api/keys.ts";
import { CopyButton } from "../controls/CopyButton.tsx";
import { messages } from "../text/messages.ts";
import { visible } from "../text/visible.ts";

const text = messages.keys;

/** A key that was just made: the only time that it is shown. */
export function NewKeyPanel({ made, onDone }: { made: NewKey; onDone: () => void }) {
  return (
    <section className="panel" aria-live="polite">
      <header>
        <h2>
          {text.madeTitle}: {visible(made.name)}
        </h2>
        <button type="button" className="btn" onClick={onDone}>
          {text.done}
        </button>
      </header>
      <div className="in">
        <p className="lead">{text.madeText}</p>
        <div className="secret">
          <code>{made.key}</code>
          <CopyButton
            text={made.key}
            label={messages.drawer.copy}
            face={messages.drawer.copy}
            className="btn"
          />
        </div>
      </div>
    </section>
  );
}
