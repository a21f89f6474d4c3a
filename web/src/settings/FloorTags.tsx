import type { Floor } from "../api/retention.ts";
import { KEEP_PARTS } from "../api/retention.ts";
import type { DateFormat } from "../api/types.ts";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { daysText, dayText } from "./periods.ts";

const text = messages.retention;

type Tagged = Pick<Floor, "parts" | "min_days" | "until_day">;

/** The floors of a category as tags: "Fact 7 years", "All 10 years". */
export function FloorTags({ floors, format }: { floors: readonly Tagged[]; format: DateFormat }) {
  if (floors.length === 0) return <span className="muted">{text.none}</span>;
  return floors.filter(isStrongest).map((floor) => (
    <span
      key={`${floor.parts.join()} ${floor.min_days} ${floor.until_day}`}
      className="tag"
      title={floorTitle(floor, format)}
    >
      <Icon name="lock" />
      {text.floorOf(partsText(floor), daysText(floor.min_days))}
      <span className="vh">, {floorTitle(floor, format)}</span>
    </span>
  ));
}

/** Whether no other floor already asks for all of this, for as long. */
function isStrongest(floor: Tagged, at: number, all: readonly Tagged[]): boolean {
  return !all.some(
    (other, place) =>
      other !== floor &&
      floor.parts.every((part) => other.parts.includes(part)) &&
      other.min_days >= floor.min_days &&
      (other.until_day === null ||
        (floor.until_day !== null && other.until_day >= floor.until_day)) &&
      // Of two that are alike the first is told.
      (place < at || other.min_days > floor.min_days || other.parts.length > floor.parts.length),
  );
}

const partsText = ({ parts }: Tagged): string =>
  parts.length === KEEP_PARTS.length
    ? text.allParts
    : parts.map((part) => text.parts[part]).join(", ");

const floorTitle = ({ until_day }: Tagged, format: DateFormat): string =>
  until_day ? text.floorUntil(dayText(until_day, format)) : text.floorForEver;
