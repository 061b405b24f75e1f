import { tamper } from './evidence/tamper.ts';
import {
  describeCase,
  isImage,
  type ClientName,
  type Copier,
  type InteropCase,
  type RegistryName,
} from './interop-case.ts';
import type { ToolName, Toolbox } from './tools/toolbox.ts';
import type { Workbench } from './workbench.ts';
import type { Workpiece } from './workpiece.ts';

export type Outcome =
  | { readonly outcome: 'passed' }
  /** `missing`: a program that takes part is not there. */
  | { readonly outcome: 'failed' | 'missing'; readonly reason: string };

/** What one verifier made of one case. */
export type Result = Outcome & { readonly description: string };

/** What the verifiers are given. */
interface Pieces {
  readonly genuine: Workpiece;
  readonly tampered: Workpiece;
}

/** What has to be installed for a case and one of its verifiers. */
export function toolsFor(each: InteropCase, verifier: ClientName): ToolName[] {
  const clients = [each.signer, verifier].filter((name) => name !== 'sigstead');
  const registries = isImage(each.artifact) ? registriesOf(each) : [];
  return [
    ...clients,
    ...(each.credential === 'key of cosign' ? (['cosign'] as const) : []),
    ...(each.copier === undefined ? [] : [each.copier satisfies Copier]),
    ...(registries.includes('distribution') ? (['docker-registry'] as const) : []),
  ];
}

/**
 * Runs one case: it is signed once, then each verifier has to accept it as it is and to refuse it tampered with.
 *
 * @param name of what is signed, unlike that of any other case
 */
export async function runCase(
  each: InteropCase,
  name: string,
  bench: Workbench,
  toolbox: Toolbox,
): Promise<Result[]> {
  let pieces: Promise<Pieces> | undefined;
  const results: Result[] = [];
  for (const verifier of each.verifiers) {
    const description = `${describeCase(each, verifier)}; refused: ${each.tampering}`;
    results.push({ description, ...(await outcome(verifier)) });
  }
  return results;

  async function outcome(verifier: ClientName): Promise<Outcome> {
    const missing = toolbox.missing(toolsFor(each, verifier));
    if (missing !== undefined) return { outcome: 'missing', reason: missing };
    try {
      pieces ??= prepare(each, name, bench);
      return await judge(verifier, await pieces);
    } catch (error) {
      return { outcome: 'failed', reason: error instanceof Error ? error.message : String(error) };
    }
  }

  async function judge(verifier: ClientName, { genuine, tampered }: Pieces): Promise<Outcome> {
    const client = bench.client(verifier);
    const accepted = await client.verify(genuine);
    if (!accepted.ok) return { outcome: 'failed', reason: `refused as it is: ${accepted.said}` };
    const refused = await client.verify(tampered);
    if (refused.ok) return { outcome: 'failed', reason: `accepted with ${each.tampering}: ${refused.said}` };
    return { outcome: 'passed' };
  }
}

async function prepare(each: InteropCase, name: string, bench: Workbench): Promise<Pieces> {
  const placed = await bench.place(each, name);
  const signed = await bench.client(each.signer).sign(placed, await bench.credential(each));
  if (!signed.ok) throw new Error(`not signed: ${signed.said}`);
  const genuine = await bench.takeAlong(each, placed);
  return { genuine, tampered: await tamper(genuine, each.tampering, await bench.means(each)) };
}

function registriesOf({ registry = 'development', copier }: InteropCase): readonly RegistryName[] {
  return copier === undefined ? [registry] : ['development', 'distribution'];
}
