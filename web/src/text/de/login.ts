import type * as english from "../en/login.ts";
import { amountText } from "../numbers.ts";

export const login: typeof english.login = {
  title: "Anmelden",
  expired: "Ihre Sitzung ist beendet. Melden Sie sich an, um dort weiterzumachen, wo Sie waren.",
  loggedOut: "Sie sind abgemeldet.",
  email: "E-Mail",
  password: "Passwort",
  submit: "Anmelden",
  or: "oder",
  refused: {
    "not-let-in":
      "Der Anmeldedienst kennt Sie, aber Sie haben hier keinen Zugang. Fragen Sie einen Administrator.",
    "weak-login":
      "Ihre Rolle verlangt eine stärkere Anmeldung beim Anmeldedienst, zum Beispiel mit zweitem Faktor.",
    "login-step-ended": "Das hat zu lange gedauert. Versuchen Sie es noch einmal.",
    "provider-failed":
      "Der Anmeldedienst hat nicht so geantwortet, wie er sollte. Versuchen Sie es noch einmal, oder sagen Sie es einem Administrator.",
  },
  refusedOther: "Die Anmeldung wurde abgelehnt.",
  wrong: "E-Mail oder Passwort ist falsch.",
  wait: (seconds: number) =>
    `Zu viele Versuche. Versuchen Sie es in ${amountText(seconds, "Sekunde", "Sekunden")} erneut.`,
  whichTenant: "Log wählen",
  whichTenantText: "Ihre Adresse hat Konten in mehreren Logs. Welches möchten Sie öffnen?",
  open: "Öffnen",
  lost: "Passwort verloren? Ein Administrator des Rechners kann dies ausführen:",
  plainHttp:
    "Diese Seite kam unverschlüsselt (HTTP) von einem anderen Rechner. Browser behalten dann kein sicheres Cookie, und die Anmeldung gelingt nicht: Stellen Sie Indelible über HTTPS bereit (--tls-cert und --tls-key, oder ein Proxy und --public-url).",
};

export const setup: typeof english.setup = {
  title: "Konto einrichten",
  text: "Dieser Link gilt einmal. Wählen Sie, wie Sie sich künftig anmelden.",
  newPassword: "Wählen Sie ein neues Passwort für dieses Konto.",
  name: "Name",
  password: "Passwort",
  passwordHint: "Mindestens 12 Zeichen. Am besten aus einem Passwortmanager.",
  submit: "Speichern und anmelden",
  checking: "Der Link wird geprüft …",
  invalid: "Dieser Link ist verbraucht oder ungültig.",
  invalidHint: "Lassen Sie auf dem Rechner des Dienstes einen neuen erstellen:",
  toLogin: "Zur Anmeldung",
  tooShort: "Das Passwort braucht mindestens 12 Zeichen.",
};
