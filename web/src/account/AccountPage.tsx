import { useEffect } from "react";
import type { Session } from "../api/types.ts";
import { Link } from "../app/Link.tsx";
import { Icon } from "../icons/Icon.tsx";
import type { Top } from "../shell/Shell.tsx";
import { messages } from "../text/messages.ts";
import { OneLine } from "../text/Shown.tsx";
import { FactorPanel } from "./FactorPanel.tsx";
import { LoginsPanel } from "./LoginsPanel.tsx";
import { PasskeyPanel } from "./PasskeyPanel.tsx";
import { PasswordPanel } from "./PasswordPanel.tsx";
import "./account.css";

const text = messages.account;

/** Account menu → My account: second factor, logins, what one did. */
export default function AccountPage({ session, top }: { session: Session; top: Top }) {
  useEffect(() => {
    document.title = `${text.title} · ${messages.product}`;
  }, []);
  return (
    <>
      {top(text.title)}
      <div className="page">
        <div className="column">
          <section className="panel">
            <header>
              <h2>
                <OneLine text={session.person.name || session.person.email} />
              </h2>
              {!session.needs_factor && (
                <Link to="activity" className="btn">
                  <Icon name="log" />
                  {text.activity}
                </Link>
              )}
            </header>
            <p className="in">
              <OneLine text={session.person.email} />
              <span className="muted">
                {messages.roles[session.person.role] ?? session.person.role}
              </span>
            </p>
          </section>
          {!session.needs_factor && <PasswordPanel email={session.person.email} />}
          <FactorPanel mustSetUp={session.needs_factor} />
          <PasskeyPanel settings={session.settings} />
          <LoginsPanel settings={session.settings} />
        </div>
      </div>
    </>
  );
}
