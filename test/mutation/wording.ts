import { declareValuePlugin, PluginKind } from "@stryker-mutator/api/plugin";
import type { babel } from "@stryker-mutator/core";

const FOR_PEOPLE = new Set(["userMessage", "hint"]);

/** How something is said to people may change without a test: texts of OpsErrors, and of errors that only a mistake in the code shows. */
export const strykerPlugins = [
  declareValuePlugin(PluginKind.Ignore, "wording", { shouldIgnore: (path) => whyLeftOut(path as babel.NodePath) }),
];

function whyLeftOut(text: babel.NodePath): string | undefined {
  if (!text.isStringLiteral() && !text.isTemplateLiteral()) return;
  for (let path: babel.NodePath | null = text; path !== null && !path.isStatement(); path = path.parentPath) {
    if (isForPeople(path.node)) return "wording";
  }
  return;
}

function isForPeople(node: babel.NodePath["node"]): boolean {
  const isNamed = (name: babel.NodePath["node"]) => name.type === "Identifier" && FOR_PEOPLE.has(name.name);
  if (node.type === "ObjectProperty") return isNamed(node.key);
  if (node.type === "VariableDeclarator") return isNamed(node.id);
  return node.type === "NewExpression" && node.callee.type === "Identifier" && node.callee.name === "Error";
}
