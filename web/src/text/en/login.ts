import { amountText } from "../numbers.ts";

export const login = {
  title: "Log in",
  expired: "Your session has ended. Log in to go on where you were.",
  loggedOut: "You are logged out.",
  email: "E-mail",
  password: "Password",
  submit: "Log in",
  or: "or",
  refused: {
    "not-let-in":
      "The identity provider knows you, but you have no access here. Ask an administrator.",
    "weak-login":
      "Your role needs a stronger login at the identity provider, with a second factor for example.",
    "login-step-ended": "That took too long. Try again.",
    "provider-failed":
      "The identity provider did not answer as it should. Try again, or tell an administrator.",
  } as Record<string, string>,
  refusedOther: "The login was refused.",
  wrong: "E-mail or password is wrong.",
  wait: (seconds: number) => `Too many attempts. Try again in ${amountText(seconds, "second")}.`,
  whichTenant: "Choose a log",
  whichTenantText: "Your address has accounts in several logs. Which one do you want to open?",
  open: "Open",
  lost: "Lost the password? An administrator of the machine can run",
  plainHttp:
    "This page came over plain HTTP from another machine. Browsers keep no secure cookie then, and logging in will not work: serve Indelible over HTTPS (--tls-cert and --tls-key, or a proxy and --public-url).",
};

export const setup = {
  title: "Set up your account",
  text: "This link works once. Choose how you will log in from now on.",
  newPassword: "Choose a new password for this account.",
  name: "Name",
  password: "Password",
  passwordHint: "At least 12 characters. A password manager's is best.",
  submit: "Save and log in",
  checking: "Checking the link…",
  invalid: "This link is used up or not valid.",
  invalidHint: "Ask for a new one on the machine of the service:",
  toLogin: "Go to log in",
  tooShort: "The password needs at least 12 characters.",
};
