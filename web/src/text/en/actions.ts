export const actions = {
  label: "Actions on this value",
  filter: (value: string) => `Filter by ${value}`,
  exclude: (value: string) => `Leave out ${value}`,
  copy: "Copy value",
  onlyActor: "Only this actor",
  onlyIp: "Only this address",
  onlyRequest: "Only this request",
  onlySession: "Only this session",
  onlyJob: "Only this job",
  around: "Around this event, ± 5 min",
  steps: "Steps of this actor, ± 30 min",
};
