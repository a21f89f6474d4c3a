import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// Every address in the built page is relative, so that the service can write <base href> and live
// under any path. Nothing is inlined: the service's policy allows no data: addresses.
export default defineConfig({
  base: "./",
  plugins: [react()],
  build: {
    outDir: "dist",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
  },
  server: {
    port: 5173,
    proxy: { "/v1": { target: process.env.INDELIBLE_URL ?? "http://127.0.0.1:8080" } },
  },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
