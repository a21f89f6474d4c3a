import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { ApiProblem } from "../api/client.ts";
import { App } from "./App.tsx";
import { Boundary } from "./Boundary.tsx";

const client = new QueryClient({
  defaultOptions: {
    queries: {
      // A page that is left open asks for nothing by itself but the service's status.
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: 5 * 60_000,
      networkMode: "always",
      retry: (count, problem) =>
        count < 2 &&
        problem instanceof ApiProblem &&
        (problem.status === 0 || problem.status === 503),
      retryDelay: (count) => 400 * 2 ** count,
    },
    mutations: { networkMode: "always" },
  },
});

/** Draws the screen, or what stands in its place. */
export function start(root: HTMLElement, screen: ReactNode = <App />): void {
  createRoot(root).render(
    <QueryClientProvider client={client}>
      <Boundary>{screen}</Boundary>
    </QueryClientProvider>,
  );
}
