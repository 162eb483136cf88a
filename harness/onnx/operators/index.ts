import { elementwiseRules } from "./elementwise.ts";
import { imageRules } from "./images.ts";
import { productRules } from "./products.ts";
import type { OperatorRule } from "./rule.ts";
import { shapeRules } from "./shapes.ts";

const rules: Readonly<Record<string, OperatorRule>> = {
  ...shapeRules,
  ...elementwiseRules,
  ...imageRules,
  ...productRules,
};

/** Throws for an operator whose shape rule is not written yet: nothing enters a graph unchecked. */
export function ruleOf(operator: string): OperatorRule {
  const rule = rules[operator];
  if (rule === undefined) throw new Error(`operator ${operator} has no shape rule; add one in harness/onnx/operators`);
  return rule;
}
