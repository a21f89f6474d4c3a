/*
 * <audit-log>: Indelible's Audit Logs inside a page of a host product. Version 1.
 *
 *   <script src="https://audit.example.com/embed/v1/audit-log.js" async></script>
 *   <audit-log token-url="/audit-token?group=7"></audit-log>
 *
 * The element holds a frame of the service and gives it a viewer token, which the host's backend
 * asks the service for. The token is passed by message, never in an address, and asked for again
 * before it ends. Documented in docs/how-to/embed.md.
 */
(() => {
  const VERSION = 1;
  const SANDBOX = "allow-scripts allow-same-origin allow-downloads allow-forms";
  const AGAIN_MS = 5000;
  // What a host may set as --audit-log-<name> on the element or anything around it.
  const LOOKS = [
    "accent",
    "on-accent",
    "canvas",
    "surface",
    "sunken",
    "line",
    "text",
    "text-2",
    "text-3",
    "font",
    "radius",
  ];
  const from = document.currentScript?.src;
  // ".../embed/v1/audit-log.js" and ".../embed/audit-log.js" both lead to the service's root.
  const root = from ? new URL(/\/embed\/v\d+\//.test(from) ? "../.." : "..", from).href : null;

  const sheet = new CSSStyleSheet();
  sheet.replaceSync(
    ":host { display: block; height: 40rem; min-height: 20rem; overflow: hidden; }" +
      ":host([hidden]) { display: none; }" +
      "iframe { display: block; width: 100%; height: 100%; border: 0; background: transparent; }",
  );

  class AuditLog extends HTMLElement {
    static observedAttributes = ["theme", "label", "view", "service", "token-url"];

    #frame = null;
    #again = 0;
    #asking = false;
    #getToken = null;
    #dark = matchMedia("(prefers-color-scheme: dark)");
    #listen = (event) => this.#hear(event);
    #look = () => this.refreshTheme();

    constructor() {
      super();
      this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
    }

    /** A function that gives a viewer token, or a promise of one; goes before `token-url`. */
    get getToken() {
      return this.#getToken;
    }

    set getToken(ask) {
      this.#getToken = ask;
      if (this.#frame) this.#giveToken();
    }

    connectedCallback() {
      addEventListener("message", this.#listen);
      this.#dark.addEventListener("change", this.#look);
      this.#make();
    }

    disconnectedCallback() {
      removeEventListener("message", this.#listen);
      this.#dark.removeEventListener("change", this.#look);
      clearTimeout(this.#again);
      this.#frame?.remove();
      this.#frame = null;
    }

    attributeChangedCallback(name, before, now) {
      if (!this.#frame || before === now) return;
      if (name === "theme") this.refreshTheme();
      else if (name === "label") this.#frame.title = this.#label();
      else this.#make();
    }

    /** Reads the --audit-log-… properties again, after the page around has changed its look. */
    refreshTheme() {
      const style = getComputedStyle(this);
      const properties = {};
      for (const name of LOOKS) {
        const value = style.getPropertyValue(`--audit-log-${name}`).trim();
        if (value) properties[name] = value;
      }
      const theme = this.getAttribute("theme");
      this.#say({ type: "theme", theme, properties });
    }

    /** Asks the host for another token, say after somebody else has logged in. */
    refreshToken() {
      this.#giveToken();
    }

    #label() {
      return this.getAttribute("label") || "Audit Logs";
    }

    #service() {
      const base = this.getAttribute("service") || root;
      if (!base) return null;
      return new URL(base.endsWith("/") ? base : `${base}/`, document.baseURI);
    }

    #make() {
      this.#frame?.remove();
      this.#frame = null;
      const service = this.#service();
      if (!service) {
        const problem = new Error("say where the service is, by the attribute `service`");
        this.#tell("audit-log-failed", { problem });
        return;
      }
      const address = new URL("embed", service);
      const view = new URLSearchParams(this.getAttribute("view") ?? "");
      for (const [name, value] of view) address.searchParams.append(name, value);
      address.searchParams.set("origin", location.origin);
      const frame = document.createElement("iframe");
      frame.title = this.#label();
      frame.setAttribute("sandbox", SANDBOX);
      frame.allow = "clipboard-write";
      frame.referrerPolicy = "no-referrer";
      frame.src = address.href;
      this.#frame = frame;
      this.shadowRoot.append(frame);
    }

    #hear(event) {
      const frame = this.#frame;
      if (!frame || event.source !== frame.contentWindow) return;
      if (event.origin !== this.#service()?.origin || event.data?.indelible !== VERSION) return;
      const { type, reason } = event.data;
      if (type === "ready") {
        this.refreshTheme();
        this.#giveToken();
      } else if (type === "token-wanted") this.#giveToken();
      else if (type === "shown") this.#tell("audit-log-shown", {});
      else if (type === "ended") this.#tell("audit-log-ended", { reason });
    }

    #tell(name, detail) {
      this.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
    }

    #say(message) {
      const service = this.#service();
      if (!this.#frame || !service) return;
      this.#frame.contentWindow?.postMessage({ indelible: VERSION, ...message }, service.origin);
    }

    async #giveToken() {
      if (this.#asking) return;
      this.#asking = true;
      clearTimeout(this.#again);
      const frame = this.#frame;
      try {
        const token = await this.#ask();
        if (frame === this.#frame) this.#say({ type: "token", token: token || null });
      } catch (problem) {
        this.#say({ type: "token", token: null });
        this.#tell("audit-log-failed", { problem });
        this.#again = setTimeout(() => this.#giveToken(), AGAIN_MS);
      } finally {
        this.#asking = false;
      }
    }

    async #ask() {
      if (this.#getToken) return this.#getToken();
      const address = this.getAttribute("token-url");
      if (!address) return null;
      const reply = await fetch(address, {
        credentials: "same-origin",
        cache: "no-store",
        headers: { accept: "application/json" },
      });
      if (!reply.ok) throw new Error(`${address} answered ${reply.status}`);
      return (await reply.json()).token;
    }
  }

  if (!customElements.get("audit-log")) customElements.define("audit-log", AuditLog);
})();
