import type { Step, StepOutcome } from '../steps/step.ts';
import { printable } from '../text.ts';
import type { SignatureVerdict } from '../verify-signature.ts';
import { chainOfTrust, type Link } from './chain-of-trust.ts';
import { ansiStyle, plainStyle, type Style } from './style.ts';

export interface RenderOptions {
  /** ANSI colours for a terminal; none unless told. */
  readonly colors?: boolean;
}

/** A verdict over an image, or over an artifact by its digest. */
export interface RenderedVerdict {
  readonly verified: boolean;
  /** Name of the image; undefined for an artifact that only its digest names. */
  readonly image?: string;
  readonly digest: string;
  readonly steps: readonly Step[];
  readonly signatures: readonly SignatureVerdict[];
}

const MARKS: Readonly<Record<StepOutcome, string>> = { passed: '✔', failed: '✘', skipped: '·' };
const LABEL_WIDTH = 11;
/** Registries may hold hundreds; what came closest is told above anyway. */
const MAX_LISTED = 20;

/**
 * A verdict as a person reads it: the steps, then the chain of trust as far as it holds. Text from outside is made safe for
 * terminals.
 *
 * @returns lines with a final line feed
 */
export function renderVerdict(verdict: RenderedVerdict, options: RenderOptions = {}): string {
  const style = options.colors === true ? ansiStyle : plainStyle;
  const blocks = [
    verdict.image === undefined
      ? [style.strong(verdict.digest)]
      : [style.strong(printable(verdict.image)), style.quiet(verdict.digest)],
    verdict.steps.map((step, at) => stepLine(step, at + 1, style)),
    trustLines(verdict, style),
    otherSignatures(verdict, style),
    [conclusion(verdict, style)],
  ];
  const text = blocks.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return `${text.join('\n\n')}\n`;
}

function stepLine({ title, outcome, reason }: Step, number: number, style: Style): string {
  const mark = dress(outcome, style)(MARKS[outcome]);
  const line = `  ${mark} ${number} ${title}`;
  return `${line}\n      ${style.quiet(printable(reason, 1000))}`;
}

function dress(outcome: StepOutcome, style: Style): (text: string) => string {
  if (outcome === 'passed') return (text) => style.good(text);
  return outcome === 'failed' ? (text) => style.bad(text) : (text) => style.quiet(text);
}

function trustLines({ verified, image, steps }: RenderedVerdict, style: Style): string[] {
  const links = chainOfTrust(steps);
  if (links.length === 0) return [];
  const title = verified ? 'Chain of trust' : 'What holds, though it is not enough';
  const lines = links.flatMap((link, at) => linkLines(link, at === links.length - 1, style));
  return [style.strong(title), image === undefined ? '  this artifact' : '  this image', ...lines];
}

function linkLines({ title, details }: Link, isLast: boolean, style: Style): string[] {
  const trunk = isLast ? ' ' : '│';
  return [
    `  ${isLast ? '└' : '├'}─ ${title}`,
    ...details.map(([label, value]) => `  ${trunk}    ${style.quiet(label.padEnd(LABEL_WIDTH))}${value}`),
  ];
}

function otherSignatures({ signatures }: RenderedVerdict, style: Style): string[] {
  if (signatures.length < 2) return [];
  const listed = signatures.slice(0, MAX_LISTED).map(({ source, verified, steps }) => {
    const outcome = verified ? 'passed' : 'failed';
    const reason = steps.at(-1)?.reason ?? '';
    return `  ${dress(outcome, style)(MARKS[outcome])} ${printable(source)}\n      ${style.quiet(printable(reason, 1000))}`;
  });
  const more = signatures.length - listed.length;
  return [style.strong('Signatures'), ...listed, ...(more > 0 ? [`  and ${more} more`] : [])];
}

function conclusion({ verified, steps }: RenderedVerdict, style: Style): string {
  const reason = printable(steps.at(-1)?.reason ?? '', 1000);
  return verified ? style.good(`VERIFIED  ${reason}`) : style.bad(`REFUSED  ${reason}`);
}
