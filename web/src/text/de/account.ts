import type * as english from "../en/account.ts";

export const account: typeof english.account = {
  title: "Mein Konto",
  activity: "Was ich getan habe",
  activityLead: "Die Ereignisse, deren Akteur Ihre E-Mail-Adresse hat. Nichts davon ist verdeckt.",
  activityNone: "Nichts in diesem Monat.",
  password: "Passwort",
  passwordLead:
    "Wenn Sie es ändern, enden alle Ihre anderen Anmeldungen, und Links zum einmaligen Gebrauch verfallen.",
  passwordElsewhere: "Sie melden sich anderswo an: Dieses Konto hat hier kein Passwort.",
  currentPassword: "Bisheriges Passwort",
  newPassword: "Neues Passwort",
  changePassword: "Passwort ändern",
  wrongPassword: "Das bisherige Passwort ist falsch.",
  passwordChanged: (ended: number) =>
    ended === 0
      ? "Das Passwort ist geändert."
      : ended === 1
        ? "Das Passwort ist geändert; eine andere Anmeldung wurde beendet."
        : `Das Passwort ist geändert; ${ended} andere Anmeldungen wurden beendet.`,
  factor: "Zweiter Faktor",
  factorLead:
    "Ein Code aus einer Authenticator-App, der nach dem Passwort verlangt wird. Wer nur das Passwort kennt, kommt nicht herein.",
  mustSetUp: "Ihre Rolle braucht einen zweiten Faktor. Richten Sie ihn ein, um fortzufahren.",
  on: "Ein",
  off: "Aus",
  setUp: "Einrichten",
  turnOn: "Einschalten",
  turnOff: "Ausschalten",
  scan: "Scannen Sie dies mit einer Authenticator-App, oder geben Sie den Text darunter ein. Tippen Sie dann den Code ein, den die App zeigt.",
  qr: "Code zum Scannen mit einer Authenticator-App",
  copySecret: "Text kopieren",
  code: "Code",
  wrongCode: "Dieser Code ist falsch oder zu alt.",
  cancel: "Abbrechen",
  recoveryTitle: "Bewahren Sie diese Notfallcodes auf.",
  recoveryText:
    "Jeder lässt Sie einmal herein, wenn die App verloren ist. Sie werden nicht noch einmal gezeigt; neue ersetzen sie.",
  recoveryLeft: (count: number) => `${count} Notfallcodes übrig`,
  copyCodes: "Codes kopieren",
  kept: "Ich habe sie aufbewahrt",
  renew: "Neue Notfallcodes",
  logins: "Wo Sie angemeldet sind",
  device: "Browser",
  address: "Adresse",
  way: "Angemeldet mit",
  seen: "Zuletzt gesehen",
  thisOne: "dieser",
  unknown: "unbekannt",
  end: "Beenden",
  endOf: (device: string, seen: string) =>
    `Anmeldung von ${device} beenden, zuletzt gesehen ${seen}`,
  endOthers: "Alle anderen beenden",
  confirmTitle: "Sind Sie es noch?",
  confirmText: "Dieser Schritt verlangt es, weil Ihre Anmeldung eine Weile her ist.",
  confirmElsewhere:
    "Ihre Anmeldung ist eine Weile her. Melden Sie sich beim Anmeldedienst noch einmal an, und wiederholen Sie dann, was Sie tun wollten.",
  confirm: "Weiter",
  secondStep: "Zweiter Schritt",
  secondText: "Geben Sie den Code Ihrer Authenticator-App ein, oder einen Notfallcode.",
  never: "nie",
  passkeys: "Passkeys",
  passkeysLead:
    "Melden Sie sich mit Finger, Gesicht oder der PIN eines Geräts an statt mit dem Passwort. Ein Passkey gilt nur für diese Adresse und zählt als beide Faktoren.",
  passkeysNeed: "Passkeys brauchen HTTPS und einen Browser, der sie kennt.",
  passkeyName: "Name des Geräts",
  makePasskey: "Passkey hinzufügen",
  passkeyStopped: "Das Gerät hat keinen Passkey angelegt oder verwendet.",
  byPasskey: "Passkey verwenden",
};
