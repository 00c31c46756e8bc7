import { expect, it } from "vitest";
import { requireCloudConfig } from "../../../services/provider/spec.ts";

it("a provider of user-data carries a cloud-config as it is", () => {
  const text = "#cloud-config\n{}\n";
  expect(requireCloudConfig({ system: "debian", firstBoot: { format: "cloud-config", text } })).toBe(text);
});

it.each([{ format: "ignition", text: '{"ignition":{"version":"3.3.0"}}' }, { format: "none" }] as const)(
  "and refuses $format, naming the system",
  (firstBoot) => {
    expect(() => requireCloudConfig({ system: "coreos", firstBoot })).toThrow(
      expect.objectContaining({ code: "input-invalid", userMessage: expect.stringContaining("coreos") }),
    );
  },
);
