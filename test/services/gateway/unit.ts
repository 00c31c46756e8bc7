import { parseUnitState, type UnitState } from "../../../services/gateway/unit-state.ts";

/** What systemd says of a gateway that runs, but for `fields`. */
export function unit(fields: Readonly<Record<string, string>> = {}): UnitState {
  const all = {
    LoadState: "loaded",
    ActiveState: "active",
    SubState: "running",
    Result: "success",
    ExecMainStatus: "0",
    NRestarts: "0",
    MemoryCurrent: "[not set]",
    ExecMainStartTimestamp: "@1795255489",
    ExecMainStartTimestampMonotonic: "60000000",
    ControlGroup: "/system.slice/openclaw-gateway.service",
    ...fields,
  };
  return parseUnitState(
    Object.entries(all)
      .map((pair) => pair.join("="))
      .join("\n"),
  );
}
