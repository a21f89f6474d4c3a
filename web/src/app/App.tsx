import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useState } from "react";
import { ApiProblem } from "../api/client.ts";
import { SESSION, useSession } from "../api/session.ts";
import type { Session } from "../api/types.ts";
import { AuditLogs } from "../logs/AuditLogs.tsx";
import { Failure } from "../logs/Failure.tsx";
import { isProfile } from "../profile/address.ts";
import { Shell } from "../shell/Shell.tsx";
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
const ProfilePage = lazy(() => import("../profile/ProfilePage.tsx"));
const StatusPage = lazy(() => import("../status/StatusPage.tsx"));

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
          {page === "users" ? (
            <UsersPage session={person} top={top} />
          ) : page === "keys" ? (
            <KeysPage session={person} top={top} />
          ) : page === "steps" ? (
            <StepsPage session={person} top={top} />
          ) : page === "why" ? (
            <WhyPage session={person} top={top} />
          ) : page === "event" ? (
            <EventPage session={person} top={top} />
          ) : isProfile(page) ? (
            <ProfilePage session={person} top={top} of={page} />
          ) : page === "status" ? (
            <StatusPage session={person} top={top} />
          ) : page === "welcome" || !person.has_events ? (
            <WelcomePage session={person} top={top} />
          ) : (
            <AuditLogs session={person} top={top} />
          )}
        </Suspense>
      )}
    </Shell>
  );
}

function pageTitle(page: string): string {
  if (page === "users") return messages.users.title;
  if (page === "keys") return messages.keys.title;
  return page === "status" ? messages.status.title : messages.logs.title;
}
