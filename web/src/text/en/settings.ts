export const settings = {
  title: "Settings",
  whole: "For everybody of this tenant. Each change is recorded in this log.",
  readOnly: "Only an administrator can change these.",
  zone: "Time zone",
  zoneHint: "Days begin and end in this zone.",
  dateFormat: "Date format",
  weekStart: "Week begins on",
  weekStarts: { monday: "Monday", sunday: "Sunday", saturday: "Saturday" },
  own: "Show Indelible's own events",
  ownHint: "Log-ins, searches, exports and changes made in Indelible itself.",
  save: "Save",
  notAZone: "This is no time zone that this browser knows.",
};
