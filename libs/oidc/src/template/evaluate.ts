import { OidcError } from '../errors.ts';
import { evaluationError, format, functions, isTrue, type Value } from './functions.ts';
import type { BranchNode, Command, Node, Operand, Pipeline } from './nodes.ts';

/** Far above every claim and every certificate extension. */
const MAX_OUTPUT_LENGTH = 16 * 1024;

/**
 * The text a template makes of values. Without loops and recursion it does at most one step per node.
 *
 * @throws OidcError CLAIM when a field is missing, types do not fit, or the text becomes too long
 */
export function evaluate(nodes: readonly Node[], values: ReadonlyMap<string, string>): string {
  const output = new Output();
  evaluateList(nodes, values, output);
  return output.text;
}

class Output {
  text = '';

  write(text: string): void {
    this.text += text;
    if (this.text.length > MAX_OUTPUT_LENGTH)
      throw evaluationError(`the text has more than ${MAX_OUTPUT_LENGTH} characters`);
  }
}

function evaluateList(nodes: readonly Node[], dot: Value, output: Output): void {
  for (const node of nodes) {
    if (node.kind === 'text') output.write(node.text);
    else if (node.kind === 'action') output.write(print(evaluatePipeline(node.pipeline, dot)));
    else evaluateBranch(node, dot, output);
  }
}

/** Go's own words for nil at the end of an action; inside of a text it is `<nil>`. */
function print(value: Value): string {
  return value === null ? '<no value>' : format(value);
}

function evaluateBranch(node: BranchNode, dot: Value, output: Output): void {
  const value = evaluatePipeline(node.pipeline, dot);
  if (!isTrue(value)) evaluateList(node.otherwise, dot, output);
  else evaluateList(node.then, node.kind === 'with' ? value : dot, output);
}

function evaluatePipeline(pipeline: Pipeline, dot: Value): Value {
  let value: Value | undefined;
  for (const command of pipeline) value = evaluateCommand(command, dot, value);
  return value ?? null;
}

function evaluateCommand(command: Command, dot: Value, piped: Value | undefined): Value {
  if (command.kind === 'operand') return evaluateOperand(command.operand, dot);
  const { name, operands } = command;
  if (name === 'and' || name === 'or') return evaluateUntil(name === 'or', name, operands, dot, piped);
  const values = operands.map((operand) => evaluateOperand(operand, dot));
  if (piped !== undefined) values.push(piped);
  const result = functions[name](values);
  if (typeof result === 'string' && result.length > MAX_OUTPUT_LENGTH)
    throw evaluationError(`${name} makes more than ${MAX_OUTPUT_LENGTH} characters`);
  return result;
}

/** The first operand that decides, else the last; what comes after it is not evaluated. */
function evaluateUntil(
  decisive: boolean,
  name: string,
  operands: readonly Operand[],
  dot: Value,
  piped: Value | undefined,
): Value {
  let value: Value | undefined;
  for (const operand of operands) {
    value = evaluateOperand(operand, dot);
    if (isTrue(value) === decisive) return value;
  }
  const last = piped ?? value;
  if (last === undefined) throw evaluationError(`${name} needs a value`);
  return last;
}

function evaluateOperand(operand: Operand, dot: Value): Value {
  switch (operand.kind) {
    case 'dot':
      return dot;
    case 'literal':
      return operand.value;
    case 'pipeline':
      return evaluatePipeline(operand.pipeline, dot);
    case 'field':
      return evaluateField(operand.names, dot);
  }
}

function evaluateField([name = '', ...rest]: readonly string[], dot: Value): Value {
  if (!(dot instanceof Map)) throw evaluationError(`.${name}: only the claims have fields`);
  const value = dot.get(name);
  if (value === undefined) {
    throw new OidcError('CLAIM', `claim ${name}: neither the token nor the configured defaults have it`, {
      claim: name,
    });
  }
  if (rest.length > 0) throw evaluationError(`.${name}.${rest.join('.')}: a claim is a text without fields`);
  return value;
}
