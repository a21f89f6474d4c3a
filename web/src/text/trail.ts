import { messages } from "./messages.ts";

/** The catalogue's part for steps, runs and the tree of why. */
export const trail = messages.trail;
