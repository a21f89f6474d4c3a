import { useQueryClient } from "@tanstack/react-query";
import { type ComponentType, lazy, Suspense, useEffect, useState } from "react";
import { ApiProblem } from "../api/client.ts";
import { SESSION, useSession } from "../api/session.ts";
import type { Session } from "../api/types.ts";
import { AuditLogs } from "../logs/AuditLogs.tsx";
import { Failure } from "../logs/Failure.tsx";
import { isProfile } from "../profile/address.ts";
import { Shell, type Top } from "../shell/Shell.tsx";
import { messages } from "../text/messages.ts";
import { go, useAddress } from "./route.ts";

const LoginPage = lazy(() => import("../login/LoginPage.tsx"));
const SetupPage = lazy(() => import("../login/SetupPage.tsx"));
const WelcomePage = lazy(() => import("../welcome/WelcomePage.tsx"));
const KeysPage = lazy(() => import("../keys/KeysPage.tsx"));
const StepsPage = lazy(() => import("../steps/StepsPage.tsx"));
const WhyPage = lazy(() => import("../tree/WhyPage.tsx"));
const EventPage = lazy(() => import("../drawer/EventPage.tsx"));
const UsersPage = lazy(() => import("../users/UsersPage.tsx"));
const AccountPage = lazy(() => import("../account/AccountPage.tsx"));
const ActivityPage = lazy(() => import("../account/ActivityPage.tsx"));
const ProfilePage = lazy(() => import("../profile/ProfilePage.tsx"));
const ExportsPage = lazy(() => import("../exports/ExportsPage.tsx"));
const StatusPage = lazy(() => import("../status/StatusPage.tsx"));
const ApprovalsPage = lazy(() => import("../approvals/ApprovalsPage.tsx"));
const SettingsPage = lazy(() => import("../settings/SettingsPage.tsx"));
const TenantsPage = lazy(() => import("../tenants/TenantsPage.tsx"));
const GovernancePage = lazy(() => import("../governance/GovernancePage.tsx"));

/** A wrong password, code or passkey within a login: the login itself goes on. */
const NOT_SHOWN = ["wrong-code", "invalid-credentials", "wrong-passkey"];

interface PageProps {
  session: Session;
  top: Top;
}

/** Decides what to show: a page for nobody, or the shell with a page for the person logged in. */
export function App() {
  const { page } = useAddress();
  const session = useSession();
  const [ended, setEnded] = useState(false);
  const client = useQueryClient();

  // Any answer "401" means that the session is over: the login page takes the place of the page,
  // the address stays, so that the person is back where they were afterwards.
  useEffect(() => {
    const over = (problem: unknown) => {
      if (!(problem instanceof ApiProblem) || problem.status !== 401) return;
      if (NOT_SHOWN.includes(problem.code)) return;
      if (!client.getQueryData<Session | null>(SESSION)) return;
      setEnded(true);
      client.setQueryData(SESSION, null);
      client.removeQueries({ predicate: (query) => query.queryKey[0] !== SESSION[0] });
    };
    const stopQueries = client.getQueryCache().subscribe((event) => {
      if (event.type === "updated" && event.action.type === "error") over(event.action.error);
    });
    const stopMutations = client.getMutationCache().subscribe((event) => {
      if (event.type === "updated" && event.action.type === "error") over(event.action.error);
    });
    return () => {
      stopQueries();
      stopMutations();
    };
  }, [client]);

  const person = session.data ?? null;
  useEffect(() => {
    if (page === "login" && person) go("", { replace: true });
  }, [page, person]);

  if (page === "setup") {
    return (
      <Suspense>
        <SetupPage />
      </Suspense>
    );
  }
  if (session.isError) {
    return (
      <div className="gate">
        <Failure problem={session.error} retry={() => session.refetch()} />
      </div>
    );
  }
  if (session.data === undefined) return <output className="vh">{messages.logs.reading}</output>;
  if (person === null) {
    return (
      <Suspense>
        <LoginPage ended={ended} onLogin={() => setEnded(false)} />
      </Suspense>
    );
  }
  return (
    <Shell session={person} page={page}>
      {(top) => (
        <Suspense fallback={top(pageTitle(page))}>
          <Page session={person} top={top} page={page} />
        </Suspense>
      )}
    </Shell>
  );
}

/** The pages that need nothing but the session, with their titles. */
const pages: Record<string, { Page: ComponentType<PageProps>; title: string }> = {
  account: { Page: AccountPage, title: messages.account.title },
  activity: { Page: ActivityPage, title: messages.account.activity },
  approvals: { Page: ApprovalsPage, title: messages.approvals.title },
  event: { Page: EventPage, title: messages.logs.title },
  governance: { Page: GovernancePage, title: messages.governance.title },
  exports: { Page: ExportsPage, title: messages.exports.title },
  keys: { Page: KeysPage, title: messages.keys.title },
  settings: { Page: SettingsPage, title: messages.settings.title },
  status: { Page: StatusPage, title: messages.status.title },
  steps: { Page: StepsPage, title: messages.trail.steps.title },
  tenants: { Page: TenantsPage, title: messages.tenants.title },
  users: { Page: UsersPage, title: messages.users.title },
  why: { Page: WhyPage, title: messages.logs.title },
};

export function Page({ session, top, page }: PageProps & { page: string }) {
  if (session.needs_factor) return <AccountPage session={session} top={top} />;
  const found = pages[page];
  if (found) return <found.Page session={session} top={top} />;
  if (isProfile(page)) return <ProfilePage session={session} top={top} of={page} />;
  if (page === "welcome" || !session.has_events) return <WelcomePage session={session} top={top} />;
  return <AuditLogs session={session} top={top} />;
}

export const pageTitle = (page: string): string => pages[page]?.title ?? messages.logs.title;
