/** Syntax of Go's text/template, as far as it is understood here. */
export type Node = TextNode | ActionNode | BranchNode;

export interface TextNode {
  readonly kind: 'text';
  readonly text: string;
}

export interface ActionNode {
  readonly kind: 'action';
  readonly pipeline: Pipeline;
}

/** `if` or `with`; `else if` is a branch inside `otherwise`. */
export interface BranchNode {
  readonly kind: 'if' | 'with';
  readonly pipeline: Pipeline;
  readonly then: readonly Node[];
  readonly otherwise: readonly Node[];
}

/** Commands from left to right, each the last argument of the one after it. */
export type Pipeline = readonly Command[];

export type Command =
  | { readonly kind: 'operand'; readonly operand: Operand }
  | { readonly kind: 'call'; readonly name: FunctionName; readonly operands: readonly Operand[] };

export type Operand =
  | { readonly kind: 'dot' }
  | { readonly kind: 'field'; readonly names: readonly string[] }
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'pipeline'; readonly pipeline: Pipeline };

export const functionNames = [
  'index',
  'eq',
  'ne',
  'lt',
  'le',
  'gt',
  'ge',
  'and',
  'or',
  'not',
  'len',
  'print',
  'printf',
] as const;

export type FunctionName = (typeof functionNames)[number];

export function isFunctionName(name: string): name is FunctionName {
  return (functionNames as readonly string[]).includes(name);
}
