import { OidcError } from '../errors.ts';
import { evaluate } from './evaluate.ts';
import type { Command, Node, Pipeline } from './nodes.ts';
import { parse } from './parser.ts';

const MAX_TEMPLATE_LENGTH = 8 * 1024;

/**
 * A template of Fulcio's configuration: Go's text/template without loops, definitions and variables, or, without any
 * `{{`, the name of one claim.
 */
export class Template {
  readonly source: string;
  readonly #nodes: readonly Node[];

  private constructor(source: string, nodes: readonly Node[]) {
    this.source = source;
    this.#nodes = nodes;
  }

  /** @throws OidcError CONFIG naming what is wrong or not supported */
  static parse(source: string): Template {
    if (source.length > MAX_TEMPLATE_LENGTH) {
      throw new OidcError(
        'CONFIG',
        `template: ${source.length} characters, at most ${MAX_TEMPLATE_LENGTH} are taken`,
      );
    }
    const nodes: readonly Node[] = source.includes('{{') ? parse(source) : [claimNode(source)];
    return new Template(source, nodes);
  }

  /**
   * @param values claims and defaults by name
   * @throws OidcError CLAIM when a value is missing or cannot be used as the template wants
   */
  render(values: ReadonlyMap<string, string>): string {
    return evaluate(this.#nodes, values);
  }

  /** The claims that are printed as they are, whatever the other claims say. */
  get printedClaims(): readonly string[] {
    return this.#nodes.flatMap((node) => (node.kind === 'action' ? (printedBy(node.pipeline) ?? []) : []));
  }
}

function claimNode(name: string): Node {
  return { kind: 'action', pipeline: [{ kind: 'operand', operand: { kind: 'field', names: [name] } }] };
}

function printedBy([command, ...others]: Pipeline): string | undefined {
  return command === undefined || others.length > 0 ? undefined : printedClaim(command);
}

function printedClaim(command: Command): string | undefined {
  if (command.kind === 'call') {
    const [collection, key] = command.operands;
    const isLookup = command.name === 'index' && collection?.kind === 'dot' && key?.kind === 'literal';
    return isLookup && typeof key.value === 'string' ? key.value : undefined;
  }
  const { operand } = command;
  if (operand.kind === 'pipeline') return printedBy(operand.pipeline);
  return operand.kind === 'field' ? operand.names[0] : undefined;
}
