import { parseBundle } from '@sigstead/bundle';
import { sha256 } from '@sigstead/crypto';
import { parseTrustedRoot } from '@sigstead/trust';
import { compilePolicy, verifyBundle } from '@sigstead/verification';
import type { BenchmarkOptions } from './benchmark.ts';
import { byTurns } from './by-turns.ts';
import { callLoad } from './call-load.ts';
import type { LoadResult } from './closed-loop.ts';
import { loadColumns, LOAD_HEADING } from './measured-load.ts';
import { loadSigstoreVerify, type SigstoreVerify } from './sigstore-verify.ts';
import { table } from './table.ts';
import { makeFreshBundles, type FreshBundle, type FreshBundles } from './testonly/fresh-bundles.ts';

const BUNDLES = 200;
const ROUNDS = 10;

/** From the text of a bundle and the bytes of an artifact to a verdict. */
type Verify = (bundle: FreshBundle) => boolean;

/**
 * Offline verifications, one after the other in this process, from JSON to verdict, beside `@sigstore/verify`. Trusted root and policy are
 * read once, as a service does.
 *
 * @throws Error when one of the two refuses a sound bundle or accepts a changed one
 */
export async function benchmarkVerification(options: BenchmarkOptions): Promise<void> {
  const { seconds, print } = options;
  const bundles = await makeFreshBundles(BUNDLES);
  const peer = await loadSigstoreVerify(options.sigstoreVerify);
  const verifiers: readonly (readonly [string, Verify])[] = [
    ['sigstead', ours(bundles)],
    ...(typeof peer === 'string'
      ? []
      : [[`@sigstore/verify ${peer.version}`, theirs(peer, bundles)] as const]),
  ];
  const rows: (string | number)[][] = [];
  for (const [shape, fresh] of bundles.byShape) {
    for (const [name, verify] of verifiers) assertSound(name, verify, fresh);
    rows.push(...(await compare(shape, verifiers, fresh, seconds)));
  }
  print(table(['offline, one thread', 'verifier', ...LOAD_HEADING, 'CPU ms'], rows));
  if (typeof peer === 'string') print(`\nNo comparison: ${peer}.`);
}

/** Processor time beside the rate: it stays what it is when the machine has other things to do. */
async function compare(
  shape: string,
  verifiers: readonly (readonly [string, Verify])[],
  fresh: readonly FreshBundle[],
  seconds: number,
): Promise<(string | number)[][]> {
  const loads = verifiers.map(([name, verify]) => {
    const spent = { name, calls: 0, cpuMs: 0 };
    const load = async (): Promise<LoadResult> => {
      const before = process.cpuUsage();
      const result = callLoad(seconds / ROUNDS, (at) => verify(fresh[at % fresh.length] as FreshBundle));
      const { user, system } = process.cpuUsage(before);
      spent.calls += result.requests;
      spent.cpuMs += (user + system) / 1000;
      return result;
    };
    return { load, spent };
  });
  const [our, their] = loads;
  if (our === undefined) return [];
  const cpuOf = ({ spent }: { spent: { calls: number; cpuMs: number } }) => spent.cpuMs / spent.calls;
  if (their === undefined) {
    const result = await our.load();
    return [[shape, our.spent.name, ...loadColumns(result), cpuOf(our)]];
  }
  // Theirs comes first: the ratio is what ours has more of.
  const { one, other, ratio } = await byTurns(ROUNDS, their.load, our.load);
  const faster = [ratio.perSecond, 1 / ratio.p50, 1 / ratio.p95, 1 / ratio.p99];
  return [
    [shape, our.spent.name, ...loadColumns(other), cpuOf(our)],
    ['', their.spent.name, ...loadColumns(one), cpuOf(their)],
    ['', 'times as fast', ...faster, cpuOf(their) / cpuOf(our)],
  ];
}

function ours({ trustedRoot, identity, issuer, now }: FreshBundles): Verify {
  const root = parseTrustedRoot(trustedRoot);
  const policy = compilePolicy({ identity, issuer });
  return ({ json, artifact }) => {
    const content = { algorithm: 'sha256', digest: sha256(artifact), content: artifact } as const;
    return verifyBundle(parseBundle(json), content, root, policy, now).verified;
  };
}

function theirs(peer: SigstoreVerify, { trustedRoot, identity, issuer }: FreshBundles): Verify {
  const verifier = new peer.Verifier(peer.toTrustMaterial(peer.trustedRootFromJSON(JSON.parse(trustedRoot))));
  const policy = { subjectAlternativeName: identity, extensions: { issuer } };
  return ({ json, artifact }) => {
    try {
      const bundle = peer.bundleFromJSON(JSON.parse(json));
      const isEnvelope = json.includes('"dsseEnvelope"');
      verifier.verify(
        isEnvelope ? peer.toSignedEntity(bundle) : peer.toSignedEntity(bundle, Buffer.from(artifact)),
        policy,
      );
      return true;
    } catch {
      return false;
    }
  };
}

/** A verifier that says yes, or no, to everything is fast. */
function assertSound(name: string, verify: Verify, bundles: readonly FreshBundle[]): void {
  for (const bundle of bundles) if (!verify(bundle)) throw new Error(`${name} refuses a sound bundle`);
  const [{ json, artifact } = { json: '', artifact: new Uint8Array() }] = bundles;
  const changed = json.replace(
    /("signature": ?"|"sig": ?")(.{20})(.)/,
    (_, field: string, head: string, next: string) => {
      return `${field}${head}${next === 'A' ? 'B' : 'A'}`;
    },
  );
  if (changed === json || verify({ json: changed, artifact }))
    throw new Error(`${name} accepts a changed signature`);
}
