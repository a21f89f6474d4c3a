import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { logOut, useKeepSession } from "../api/session.ts";
import type { Session } from "../api/types.ts";
import { Link } from "../app/Link.tsx";
import { go } from "../app/route.ts";
import { WaitingBadge } from "../approvals/WaitingBadge.tsx";
import { MenuButton } from "../controls/MenuButton.tsx";
import { ExportsMark } from "../exports/ExportsMark.tsx";
import type { OwnExports } from "../exports/useExports.ts";
import { Icon, Mark } from "../icons/Icon.tsx";
import { forgetSearches } from "../query/recent.ts";
import { LANGUAGES, type Language, language, setLanguage } from "../text/language.ts";
import { messages } from "../text/messages.ts";
import { OneLine } from "../text/Shown.tsx";
import { StarredViews } from "../views/StarredViews.tsx";
import { ThemeSwitch } from "./ThemeSwitch.tsx";

interface MainMenuProps {
  session: Session;
  page: string;
  open: boolean;
  exports: OwnExports;
  onClose: () => void;
}

/** The main menu: Administration → Audit Logs. On a narrow screen it slides in. */
export function MainMenu({ session, page, open, exports, onClose }: MainMenuProps) {
  const menu = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!open) return;
    const before = document.activeElement;
    menu.current?.querySelector<HTMLElement>("a")?.focus();
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape") onClose();
    };
    addEventListener("keydown", onKey);
    return () => {
      removeEventListener("keydown", onKey);
      if (before instanceof HTMLElement) before.focus();
    };
  }, [open, onClose]);

  return (
    <>
      {open && (
        <button type="button" className="veil" aria-label={messages.menu.close} onClick={onClose} />
      )}
      <nav ref={menu} className={open ? "menu open" : "menu"} aria-label={messages.menu.label}>
        <div className="brand">
          <Mark />
          {messages.product}
        </div>
        <h2>{messages.menu.administration}</h2>
        <Link
          to=""
          aria-current={["", "welcome", "why", "event"].includes(page) ? "page" : undefined}
          onClick={onClose}
        >
          <Icon name="log" />
          {messages.menu.auditLogs}
        </Link>
        <Link to="steps" aria-current={page === "steps" ? "page" : undefined} onClick={onClose}>
          <Icon name="steps" />
          {messages.trail.steps.title}
        </Link>
        <Link to="exports" aria-current={page === "exports" ? "page" : undefined} onClick={onClose}>
          <Icon name="export" />
          {messages.exports.title}
          <ExportsMark own={exports} />
        </Link>
        {session.person.role === "admin" && (
          <>
            <Link to="users" aria-current={page === "users" ? "page" : undefined} onClick={onClose}>
              <Icon name="person" />
              {messages.menu.users}
            </Link>
            <Link to="keys" aria-current={page === "keys" ? "page" : undefined} onClick={onClose}>
              <Icon name="key" />
              {messages.menu.keys}
            </Link>
            <Link
              to="status"
              aria-current={page === "status" ? "page" : undefined}
              onClick={onClose}
            >
              <Icon name="monitor" />
              {messages.menu.status}
            </Link>
            <Link
              to="approvals"
              aria-current={page === "approvals" ? "page" : undefined}
              onClick={onClose}
            >
              <Icon name="check" />
              {messages.approvals.title}
              <WaitingBadge />
            </Link>
          </>
        )}
        {session.sees_tenants && (
          <Link
            to="tenants"
            aria-current={page === "tenants" ? "page" : undefined}
            onClick={onClose}
          >
            <Icon name="house" />
            {messages.tenants.title}
          </Link>
        )}
        {session.person.role !== "viewer" && (
          <Link
            to="governance"
            aria-current={page === "governance" ? "page" : undefined}
            onClick={onClose}
          >
            <Icon name="seal" />
            {messages.menu.governance}
          </Link>
        )}
        <Link
          to="settings"
          aria-current={page === "settings" ? "page" : undefined}
          onClick={onClose}
        >
          <Icon name="gear" />
          {messages.menu.settings}
        </Link>
        <StarredViews onClose={onClose} />
        <Account session={session} />
      </nav>
    </>
  );
}

function initials(session: Session): string {
  const words = (session.person.name || session.person.email).trim().split(/[\s.@_-]+/);
  const letters = words.slice(0, 2).map((word) => Array.from(word)[0] ?? "");
  return letters.join("").toUpperCase();
}

function Account({ session }: { session: Session }) {
  const keep = useKeepSession();
  const { person } = session;
  const role = messages.roles[person.role] ?? person.role;
  const leave = useMutation({
    mutationFn: logOut,
    onSuccess: () => {
      forgetSearches();
      if (session.logout_url) {
        location.assign(session.logout_url);
        return;
      }
      go("login", { replace: true });
      keep(null);
    },
  });
  return (
    <div className="foot">
      <div className="look">
        <ThemeSwitch />
      </div>
      <MenuButton
        up
        className="account"
        isNamed
        label={messages.menu.account(person.name || person.email)}
        face={
          <>
            <span className="face" aria-hidden="true">
              {initials(session)}
            </span>
            <span>
              <span className="vh">{messages.menu.accountOf} </span>
              <OneLine text={person.name || person.email} />
              <span className="muted cut">{role}</span>
            </span>
          </>
        }
      >
        {(close) => (
          <>
            <div className="head">
              <b>
                <OneLine text={person.name || person.email} />
              </b>
              <OneLine text={person.email} />
            </div>
            <button
              type="button"
              role="menuitem"
              tabIndex={-1}
              onClick={() => {
                close();
                go("account");
              }}
            >
              <Icon name="person" />
              {messages.account.title}
            </button>
            <button
              type="button"
              role="menuitem"
              tabIndex={-1}
              onClick={() => {
                close();
                leave.mutate();
              }}
            >
              <Icon name="leave" />
              {messages.menu.logOut}
            </button>
            <hr />
            <LanguageChoice />
            <hr />
            <p className="note">{messages.menu.version(session.version)}</p>
          </>
        )}
      </MenuButton>
    </div>
  );
}

function LanguageChoice() {
  return (
    <fieldset className="bare" aria-label={messages.menu.language}>
      {(Object.keys(LANGUAGES) as Language[]).map((item) => (
        <button
          key={item}
          type="button"
          role="menuitemradio"
          tabIndex={-1}
          lang={item}
          aria-checked={item === language}
          onClick={() => setLanguage(item)}
        >
          {item === language ? <Icon name="check" /> : <span className="blank" />}
          {LANGUAGES[item]}
        </button>
      ))}
    </fieldset>
  );
}
