import { Component, type ReactNode } from "react";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";

/**
 * What is shown when drawing fails. Mostly that is a part of the screen that is gone from the
 * server, because Indelible was updated while the page was open: loading it again mends that.
 */
export class Boundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <div className="state" role="alert">
        <Icon name="denied" className="big" />
        <h2>{messages.states.brokenTitle}</h2>
        <p>{messages.states.brokenHint}</p>
        <div className="acts">
          <button type="button" className="btn" onClick={() => location.reload()}>
            <Icon name="task" />
            {messages.states.reload}
          </button>
        </div>
      </div>
    );
  }
}
