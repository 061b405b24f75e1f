import { BundleError, bundleToJson, parseBundle, readBundle, type Bundle } from '@sigstead/bundle';
import { encodeHex, encodeUtf8, type JsonObject, type JsonValue } from '@sigstead/encoding';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { bundleCandidate } from '../candidate.ts';
import { parseStatement, IN_TOTO_PAYLOAD_TYPE } from '../statement.ts';
import { signArtifact, signStatement, statementAbout } from '../testonly/bundles.ts';
import { MiniSigstore, NOW } from '../testonly/mini-sigstore.ts';
import { ARTIFACT, CONTENT, firstEntry, KEYLESS, outcomeOf, withMaterial } from '../testonly/outcome.ts';
import { refusal } from '../testonly/refusal.ts';
import { verifyBundle } from '../verify-bundle.ts';

// Thousands of everything (CVE-2023-46737, CVE-2024-29902, CVE-2024-45395): counted before the first is looked at.
describe('a bundle without end', () => {
  let sigstore: MiniSigstore;
  let sound: Bundle;
  let json: JsonObject;
  beforeAll(async () => {
    sigstore = await MiniSigstore.create();
    sound = await signArtifact(sigstore, CONTENT, { timestamped: true });
    json = bundleToJson(sound);
  });
  const refused = (read: () => unknown): string => {
    try {
      read();
    } catch (error) {
      if (error instanceof BundleError) return `${error.code} ${error.path}`.trim();
      throw error;
    }
    return 'accepted';
  };
  const material = (changed: JsonObject): JsonObject => ({
    ...json,
    verificationMaterial: { ...(json['verificationMaterial'] as JsonObject), ...changed },
  });

  it.each<[string, string, (list: JsonValue[]) => JsonObject]>([
    ['log entries', 'verificationMaterial.tlogEntries', (list) => material({ tlogEntries: list })],
    [
      'timestamps',
      'verificationMaterial.timestampVerificationData.rfc3161Timestamps',
      (list) => material({ timestampVerificationData: { rfc3161Timestamps: list } }),
    ],
  ])('of %s is refused, and none of them is looked at', (_, path, bundle) => {
    const { list, looks } = countingList(9000);
    expect(refused(() => readBundle(bundle(list)))).toBe(`LIMIT ${path}`);
    expect(looks()).toBe(0);
  });

  it('of signatures in an envelope is refused, and none of them is looked at', () => {
    const { list, looks } = countingList(9000);
    const { messageSignature: _, ...rest } = json;
    const bundle = { ...rest, dsseEnvelope: { payload: '', payloadType: 'x', signatures: list } };
    expect(refused(() => readBundle(bundle))).toBe('LIMIT dsseEnvelope.signatures');
    expect(looks()).toBe(0);
  });

  it('of anything at all is refused before it is parsed', () => {
    const text = JSON.stringify(json);
    const with10k = text.replace('{', `{"more":[${'[],'.repeat(10_000)}[]],`);
    expect(refused(() => parseBundle(with10k))).toBe('LIMIT');
    expect(refused(() => parseBundle(text.replace('{', `{"more":${'['.repeat(1_000_000)},`)))).toBe('LIMIT');
    expect(refused(() => parseBundle(`${text}${' '.repeat(16 << 20)}`))).toBe('LIMIT');
    expect(bundleCandidate(with10k, 'file').evidence).toMatchObject({ code: 'EVIDENCE_MALFORMED' });
  });

  it('with megabytes in one field is refused for what they are', () => {
    const huge = new Uint8Array(6 << 20).fill(0x41);
    const judge = (bundle: Bundle): string =>
      outcomeOf(verifyBundle(bundle, ARTIFACT, sigstore.trustedRoot, KEYLESS, NOW));
    const entry = (changed: object): Bundle =>
      withMaterial(sound, { tlogEntries: [{ ...firstEntry(sound), ...changed }] });
    expect(judge({ ...sound, content: { ...sound.content, signature: huge } as Bundle['content'] })).toBe(
      'SIGNATURE_INVALID',
    );
    expect(judge(withMaterial(sound, { rfc3161Timestamps: [huge] }))).toBe('TIMESTAMP_MALFORMED');
    expect(judge(withMaterial(sound, { key: { kind: 'certificate', certificates: [huge] } }))).toBe(
      'CERTIFICATE_MALFORMED',
    );
    expect(judge(entry({ inclusionPromise: huge }))).toBe('SET_INVALID');
    expect(judge(entry({ canonicalizedBody: huge }))).toBe('SET_INVALID');
    const proof = firstEntry(sound).inclusionProof;
    expect(judge(entry({ inclusionProof: { ...proof, checkpoint: 'x\n'.repeat(3 << 20) } }))).toBe(
      'CHECKPOINT_INVALID',
    );
    const line = proof?.checkpoint.split('\n').at(-2);
    expect(
      judge(
        entry({ inclusionProof: { ...proof, checkpoint: `${proof?.checkpoint}${`${line}\n`.repeat(100)}` } }),
      ),
    ).toBe('CHECKPOINT_INVALID');
  });
});

describe('a statement without end', () => {
  const sha256 = encodeHex(ARTIFACT.digest);
  const parse = (
    changed: object,
    text = JSON.stringify({ ...(statementAbout(ARTIFACT.digest) as object), ...changed }),
  ): string => refusal(() => parseStatement(IN_TOTO_PAYLOAD_TYPE, encodeUtf8(text)));

  it('of subjects, of digests of one subject, or of values is refused, though it was signed', async () => {
    const subjects = (count: number): JsonValue[] =>
      Array.from({ length: count }, () => ({ digest: { sha256 } }));
    const digests = (count: number): JsonObject =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`x${at}`, sha256]));
    expect(parse({ subject: subjects(1024) })).toBe('accepted');
    expect(parse({ subject: subjects(1025) })).toBe('STATEMENT_MALFORMED');
    expect(parse({ subject: [{ digest: digests(32) }] })).toBe('accepted');
    expect(parse({ subject: [{ digest: digests(33) }] })).toBe('STATEMENT_MALFORMED');
    expect(parse({ predicate: Array<number>(1_000_000).fill(0) })).toBe('STATEMENT_MALFORMED');
    const sigstore = await MiniSigstore.create();
    const bundle = await signStatement(sigstore, {
      ...(statementAbout(ARTIFACT.digest) as object),
      subject: subjects(2000),
    });
    const verdict = verifyBundle(bundle, ARTIFACT, sigstore.trustedRoot, KEYLESS, NOW);
    expect(outcomeOf(verdict)).toBe('STATEMENT_MALFORMED');
  });

  it('nested without end, or larger than anything anybody signs, is refused before it is parsed', () => {
    expect(parse({}, '['.repeat(1_000_000))).toBe('STATEMENT_MALFORMED');
    expect(parse({}, `{"predicate":${'{"a":'.repeat(100)}1${'}'.repeat(100)}}`)).toBe('STATEMENT_MALFORMED');
    expect(parse({}, ' '.repeat((16 << 20) + 1))).toBe('STATEMENT_MALFORMED');
  });
});

/** A list that counts how often one of its items is asked for. */
function countingList(length: number): { list: JsonValue[]; looks(): number } {
  let count = 0;
  const list = new Proxy(Array<JsonValue>(length).fill({}), {
    get(target, name, receiver) {
      if (typeof name === 'string' && /^\d+$/.test(name)) count++;
      return Reflect.get(target, name, receiver);
    },
  });
  return { list, looks: () => count };
}
