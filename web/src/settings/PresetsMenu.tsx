import { useQuery } from "@tanstack/react-query";
import { fetchPresets, type Preset } from "../api/retention.ts";
import { MenuButton } from "../controls/MenuButton.tsx";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { presetText, presetTitle } from "./names.ts";

const text = messages.retention;

/** Periods that a rule book asks for; choosing one fills the table and saves nothing. */
export function PresetsMenu({ onChoose }: { onChoose: (preset: Preset) => void }) {
  const { data } = useQuery({
    queryKey: ["retention-presets"],
    queryFn: ({ signal }) => fetchPresets(signal),
  });
  return (
    <MenuButton
      className="btn"
      label={text.presets}
      isNamed
      face={
        <>
          {text.presets}
          <Icon name="down" />
        </>
      }
    >
      {(close) => (
        <>
          {(data?.presets ?? []).map((preset) => (
            <button
              key={preset.name}
              type="button"
              role="menuitem"
              tabIndex={-1}
              className="preset"
              onClick={() => {
                close();
                onChoose(preset);
              }}
            >
              <span>
                <b>{presetTitle(preset)}</b>
                <small>{presetText(preset)}</small>
              </span>
            </button>
          ))}
          <p className="note">{text.presetHint}</p>
        </>
      )}
    </MenuButton>
  );
}
