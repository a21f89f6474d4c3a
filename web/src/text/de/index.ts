import type { Messages } from "../en/index.ts";
import { account } from "./account.ts";
import { actions } from "./actions.ts";
import { approvals } from "./approvals.ts";
import { drawer, integrity } from "./drawer.ts";
import { embed } from "./embed.ts";
import { erasures } from "./erasures.ts";
import { event } from "./event.ts";
import { exporting } from "./exporting.ts";
import { exports } from "./exports.ts";
import { facets } from "./facets.ts";
import { governance } from "./governance.ts";
import { help } from "./help.ts";
import { holds } from "./holds.ts";
import { keys } from "./keys.ts";
import { list } from "./list.ts";
import { login, setup } from "./login.ts";
import { logs } from "./logs.ts";
import { mistakes } from "./mistakes.ts";
import { palette } from "./palette.ts";
import { profile } from "./profile.ts";
import { query } from "./query.ts";
import { redaction } from "./redaction.ts";
import { retention } from "./retention.ts";
import { settings } from "./settings.ts";
import { menu, roles, seal, top } from "./shell.ts";
import { states } from "./states.ts";
import { status } from "./status.ts";
import { summary } from "./summary.ts";
import { tenants } from "./tenants.ts";
import { amounts, times } from "./times.ts";
import { trail } from "./trail.ts";
import { users } from "./users.ts";
import { views } from "./views.ts";
import { welcome } from "./welcome.ts";

/** Every sentence of the screen, in German. */
export const german: Messages = {
  product: "Indelible",
  account,
  amounts,
  approvals,
  erasures,
  holds,
  drawer,
  embed,
  event,
  exporting,
  governance,
  exports,
  help,
  integrity,
  keys,
  list,
  login,
  logs,
  mistakes,
  facets,
  actions,
  menu,
  query,
  palette,
  profile,
  redaction,
  retention,
  roles,
  seal,
  settings,
  setup,
  states,
  status,
  summary,
  tenants,
  times,
  top,
  trail,
  users,
  views,
  welcome,
};
