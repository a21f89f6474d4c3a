// An identity provider for tests: `node provider.mjs REDIRECT_URI` prints its address.
// Whoever logs in as NAME is NAME@example.com, in the groups that `/groups?NAME=a,b` gave last,
// by the means that `/amr?NAME=pwd,otp` gave.
import { once } from "node:events";
import { createServer } from "node:http";
import Provider from "oidc-provider";

const groups = new Map();
const amr = new Map();
const redirectUri = process.argv[2];
const server = createServer();
server.listen(0, "127.0.0.1");
await once(server, "listening");
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "indelible",
      client_secret: "a secret of the test",
      redirect_uris: [redirectUri],
      post_logout_redirect_uris: [new URL("/", redirectUri).href],
      backchannel_logout_uri: new URL("/v1/oidc/backchannel-logout", redirectUri).href,
      backchannel_logout_session_required: true,
    },
  ],
  features: { backchannelLogout: { enabled: true } },
  claims: {
    openid: ["sub", "amr"],
    email: ["email", "email_verified"],
    profile: ["name", "groups"],
  },
  pkce: { required: () => true },
  cookies: { keys: ["a key of the test"] },
  // The service of the test is on this machine, and may be slow: no guard, no time limit.
  fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined, signal: undefined }),
  findAccount: (_context, name) => ({
    accountId: name,
    claims: () => ({
      sub: name,
      email: `${name}@example.com`,
      email_verified: !name.startsWith("unverified"),
      name: name.toUpperCase(),
      groups: groups.get(name) ?? [],
    }),
  }),
});
const finish = provider.interactionFinished.bind(provider);
provider.interactionFinished = (request, response, result, options) => {
  const ways = result.login && amr.get(result.login.accountId);
  if (ways) result.login.amr = ways;
  return finish(request, response, result, options);
};
const answer = provider.callback();
server.on("request", (request, response) => {
  const url = new URL(request.url, issuer);
  const told = { "/groups": groups, "/amr": amr }[url.pathname];
  if (!told) return answer(request, response);
  for (const [name, given] of url.searchParams) told.set(name, given.split(",").filter(Boolean));
  return response.end();
});
process.stdout.write(`${issuer}\n`);
