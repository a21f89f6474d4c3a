import { messages } from "../text/messages.ts";

const WIDTHS = [116, 190, 84, 56, 150, 34, 110];
const ROWS = Array.from({ length: 24 }, (_, row) => row);

/** Rows of the same height as real ones, before there are any. */
export function Skeleton({ narrow }: { narrow: boolean }) {
  return (
    <div className="scroll">
      <output className="vh">{messages.logs.reading}</output>
      <table className="log bones" aria-hidden="true">
        {!narrow && (
          <thead>
            <tr>
              {Object.values(messages.logs.columns).map((name) => (
                <th key={name}>{name}</th>
              ))}
            </tr>
          </thead>
        )}
        <tbody>
          {ROWS.slice(0, narrow ? 6 : 24).map((row) => (
            <tr key={row}>
              {narrow ? (
                <td className="card">
                  <span className="bone" style={{ width: "60%", height: 76, opacity: 0.5 }} />
                </td>
              ) : (
                WIDTHS.map((width) => (
                  <td key={width}>
                    <span className="bone" style={{ width: `min(${width}px, 90%)` }} />
                  </td>
                ))
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
