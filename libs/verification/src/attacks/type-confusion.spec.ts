import type { Bundle } from '@sigstead/bundle';
import { PrivateKeySigner, sha256 } from '@sigstead/crypto';
import { concatBytes, encodeHex, encodeUtf8 } from '@sigstead/encoding';
import { preAuthEncoding } from '@sigstead/tlog';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { compilePolicy } from '../policy.ts';
import { parseStatement } from '../statement.ts';
import { signArtifact, signStatement, statementAbout } from '../testonly/bundles.ts';
import { MiniSigstore, NOW, simpleSigning } from '../testonly/mini-sigstore.ts';
import { ARTIFACT, CONTENT, firstEntry, outcomeOf, withMaterial } from '../testonly/outcome.ts';
import { refusal } from '../testonly/refusal.ts';
import { verifyBundle } from '../verify-bundle.ts';

const signer = PrivateKeySigner.generate('P-256');
const managed = compilePolicy({ key: signer.publicKey.toPem() });
const IN_TOTO = 'application/vnd.in-toto+json';

describe('what was signed is nothing else', () => {
  let sigstore: MiniSigstore;
  beforeAll(async () => {
    sigstore = await MiniSigstore.create();
  });
  const judge = (bundle: Bundle, policy = managed, artifact = ARTIFACT): string =>
    outcomeOf(verifyBundle(bundle, artifact, sigstore.trustedRoot, policy, NOW));
  /** An envelope with this payload, with a good signature over whatever bytes are said to be the encoding of the two. */
  const enveloped = async (
    payloadType: string,
    payload: Uint8Array,
    message = preAuthEncoding(payloadType, payload),
  ): Promise<Bundle> => {
    const bundle = await signStatement(sigstore, statementAbout(ARTIFACT.digest), {
      signer,
      managedKey: true,
    });
    const signatures = [{ signature: await signer.sign(message), keyId: '' }];
    return { ...bundle, content: { kind: 'dsse', payloadType, payload, signatures } };
  };

  // An attestation taken for another kind of one (CVE-2022-35929, CVE-2022-35930), a parse error that nobody heard (CVE-2026-39395).
  it('and not a statement when it cannot be read as one', async () => {
    const statement = encodeUtf8(JSON.stringify(statementAbout(ARTIFACT.digest)));
    const digest = `sha256:${encodeHex(ARTIFACT.digest)}`;
    for (const payload of [
      encodeUtf8(''),
      encodeUtf8('null'),
      encodeUtf8('{}'),
      simpleSigning(digest),
      statement.subarray(0, -1),
      concatBytes(statement, encodeUtf8('{}')),
      concatBytes(Uint8Array.of(0xef, 0xbb, 0xbf), statement),
      concatBytes(statement.subarray(0, 10), Uint8Array.of(0xff), statement.subarray(10)),
      encodeUtf8(new TextDecoder().decode(statement).replace('"subject":', '"subject":[],"subject":')),
    ]) {
      expect(judge(await enveloped(IN_TOTO, payload))).toBe('STATEMENT_MALFORMED');
    }
  });

  it('and not a statement under another payload type', async () => {
    const payload = encodeUtf8(JSON.stringify(statementAbout(ARTIFACT.digest)));
    for (const payloadType of [
      'application/json',
      `${IN_TOTO};v=1`,
      IN_TOTO.toUpperCase(),
      ` ${IN_TOTO}`,
      'ïn-toto',
    ]) {
      expect(judge(await enveloped(payloadType, payload))).toBe('STATEMENT_MALFORMED');
      expect(refusal(() => parseStatement(payloadType, payload))).toBe('STATEMENT_MALFORMED');
    }
  });

  it('and not an artifact when it is a statement about it, nor the other way round', async () => {
    const statement = await signStatement(sigstore, statementAbout(ARTIFACT.digest), {
      signer,
      managedKey: true,
    });
    const message = await signArtifact(sigstore, CONTENT, { signer, managedKey: true });
    const { content } = message;
    if (content.kind !== 'messageSignature' || statement.content.kind !== 'dsse')
      throw new Error('unexpected');
    const [signature] = statement.content.signatures;
    const asMessage = { ...content, signature: (signature as { signature: Uint8Array }).signature };
    expect(judge({ ...statement, content: asMessage })).toBe('SIGNATURE_INVALID');
    const asEnvelope = { ...statement.content, signatures: [{ signature: content.signature, keyId: '' }] };
    expect(judge({ ...message, content: asEnvelope })).toBe('SIGNATURE_INVALID');
    const payload = { ...ARTIFACT, digest: sha256(statement.content.payload), further: [] };
    expect(judge(statement, managed, payload)).toBe('STATEMENT_SUBJECT');
  });

  it('and not an attestation of the type a policy asks for when it is of another', async () => {
    const policy = compilePolicy({ key: signer.publicKey.toPem(), predicateType: 'slsaprovenance1' });
    const of = (predicateType: string): Promise<Bundle> =>
      signStatement(sigstore, statementAbout(ARTIFACT.digest, predicateType), { signer, managedKey: true });
    expect(judge(await of('https://slsa.dev/provenance/v1'), policy)).toBe('verified');
    expect(judge(await of('https://slsa.dev/provenance/v1.1'), policy)).toBe('PREDICATE_TYPE_MISMATCH');
    expect(judge(await signArtifact(sigstore, CONTENT, { signer, managedKey: true }), policy)).toBe(
      'PREDICATE_TYPE_MISMATCH',
    );
  });

  // Lengths counted in characters let the bytes move between type and payload.
  it('and encoded by lengths in bytes, whatever the characters', async () => {
    const payload = encodeUtf8('{}');
    const payloadType = 'tëxt/плейн+🔏';
    const inCharacters = encodeUtf8(`DSSEv1 ${[...payloadType].length} ${payloadType} 2 {}`);
    const inUnits = encodeUtf8(`DSSEv1 ${payloadType.length} ${payloadType} 2 {}`);
    expect(judge(await enveloped(payloadType, payload, inCharacters))).toBe('SIGNATURE_INVALID');
    expect(judge(await enveloped(payloadType, payload, inUnits))).toBe('SIGNATURE_INVALID');
    expect(judge(await enveloped(payloadType, payload))).toBe('STATEMENT_MALFORMED');
  });

  it('and in an entry of a version that is judged here, even beside one that is', async () => {
    const bundle = await signArtifact(sigstore, CONTENT, { signer, managedKey: true });
    const entry = firstEntry(bundle);
    for (const [kind, kindVersion] of [
      ['hashedrekord', '0.0.3'],
      ['hashedrekord', ''],
      ['dsse', '0.0.9'],
      ['rekord', '0.0.1'],
      ['toString', '0.0.1'],
    ] as const) {
      const unknown = { ...entry, logId: new Uint8Array(32), kind, kindVersion };
      expect(judge(withMaterial(bundle, { tlogEntries: [entry, unknown] }))).toBe('UNSUPPORTED');
    }
  });
});
