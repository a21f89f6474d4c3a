import type { ReactNode } from "react";
import type { Session } from "../api/types.ts";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { OneLine } from "../text/Shown.tsx";
import { Seal } from "./Seal.tsx";
import { ThemeSwitch } from "./ThemeSwitch.tsx";

interface TopBarProps {
  title: string;
  session: Session;
  extra: ReactNode;
  onHelp: (() => void) | undefined;
  onBack: (() => void) | undefined;
  onMenu: () => void;
}

export function TopBar({ title, session, extra, onHelp, onBack, onMenu }: TopBarProps) {
  return (
    <header className="top">
      <button
        type="button"
        className="btn icon quiet only-narrow"
        aria-label={messages.menu.open}
        onClick={onMenu}
      >
        <Icon name="menu" />
      </button>
      {onBack && (
        <button
          type="button"
          className="btn icon quiet"
          aria-label={messages.top.back}
          title={messages.top.back}
          onClick={onBack}
        >
          <Icon name="left" />
        </button>
      )}
      <h1>
        {onBack && <span className="crumb">{messages.menu.auditLogs} / </span>}
        {title}
      </h1>
      <span className="house" title={messages.top.tenant}>
        <Icon name="house" />
        <OneLine text={session.tenant.title || session.tenant.name} />
      </span>
      <span className="grow" />
      <Seal />
      {extra}
      <span className="icons">
        <ThemeSwitch />
        {onHelp && (
          <button
            type="button"
            className="btn icon quiet"
            aria-label={messages.top.help}
            title={messages.top.help}
            onClick={onHelp}
          >
            <Icon name="help" />
          </button>
        )}
      </span>
    </header>
  );
}
