import { encodeBase64, encodeUtf8 } from '@sigstead/encoding';
import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  annotationsOf,
  entryOf,
  IMAGE_DIGEST,
  MiniSigstore,
  simpleSigning,
} from '../testonly/mini-sigstore.ts';
import { refusal } from '../testonly/refusal.ts';
import { legacyAnnotations } from './legacy-annotations.ts';
import { evidenceFromLegacySignature } from './legacy-signature.ts';
import { parseArtifactDigest, type SignatureEvidence } from './signature-evidence.ts';

describe('evidenceFromLegacySignature', () => {
  const payload = simpleSigning(IMAGE_DIGEST);
  let evidence: SignatureEvidence;
  let annotations: Record<string, string>;
  beforeAll(async () => {
    evidence = await (await MiniSigstore.create()).signImage();
    annotations = annotationsOf(evidence);
  });

  const judge = (changed: Record<string, string | undefined>): string => {
    const all = Object.entries({ ...annotations, ...changed }).filter(([, value]) => value !== undefined);
    return refusal(() =>
      evidenceFromLegacySignature({
        payload,
        annotations: Object.fromEntries(all) as Record<string, string>,
      }),
    );
  };
  const bundleWith = (
    change: (bundle: Record<string, Record<string, unknown>>) => unknown,
  ): Record<string, string> => {
    const bundle = JSON.parse(annotations[legacyAnnotations.bundle] as string);
    return { [legacyAnnotations.bundle]: JSON.stringify(change(bundle)) };
  };
  const payloadWith = (field: string, value: unknown): Record<string, string> =>
    bundleWith((bundle) => ({ ...bundle, Payload: { ...bundle['Payload'], [field]: value } }));

  it('reads what cosign writes; a proof is not part of it', () => {
    const read = evidenceFromLegacySignature({ payload, annotations });
    const { inclusionProof: _, ...entry } = entryOf(evidence);
    expect(read).toEqual({ ...evidence, logEntries: [entry] });
  });

  it('takes an empty annotation for a missing one, as cosign writes it', () => {
    const { logEntries } = evidenceFromLegacySignature({
      payload,
      annotations: { ...annotations, [legacyAnnotations.bundle]: '' },
    });
    expect(logEntries).toEqual([]);
  });

  it('refuses a layer without signature', () => {
    expect(judge({ [legacyAnnotations.signature]: undefined })).toBe('EVIDENCE_MALFORMED');
    expect(judge({ [legacyAnnotations.signature]: '' })).toBe('EVIDENCE_MALFORMED');
  });

  it('takes a layer without certificate for a signature by a key', () => {
    const { [legacyAnnotations.certificate]: _, ...bare } = annotations;
    expect(evidenceFromLegacySignature({ payload, annotations: bare }).key).toEqual({
      kind: 'public-key',
      hint: '',
    });
  });

  it.each(['%%%', 'AAA', 'AA==\n', ' AA==', 'A'.repeat(20_000)])('refuses the signature %.20j', (text) => {
    expect(judge({ [legacyAnnotations.signature]: text })).toBe('EVIDENCE_MALFORMED');
  });

  it('refuses what is not one certificate', () => {
    const pem = annotations[legacyAnnotations.certificate] as string;
    const key = pem.replaceAll('CERTIFICATE', 'PUBLIC KEY');
    for (const text of ['no pem', key, pem + pem, `x${pem}`, 'A'.repeat(70_000)]) {
      expect(judge({ [legacyAnnotations.certificate]: text })).toBe('EVIDENCE_MALFORMED');
    }
  });

  it('refuses a bundle that is none', () => {
    for (const text of ['null', '[]', '{', '{}', '{"Payload":[]}', `${'['.repeat(9)}${']'.repeat(9)}`]) {
      expect(judge({ [legacyAnnotations.bundle]: text })).toBe('EVIDENCE_MALFORMED');
    }
    expect(judge({ [legacyAnnotations.bundle]: ' '.repeat(2_000_000) })).toBe('EVIDENCE_MALFORMED');
    expect(judge(bundleWith(({ Payload }) => ({ Payload })))).toBe('EVIDENCE_MALFORMED');
    expect(judge(bundleWith((bundle) => ({ ...bundle, SignedEntryTimestamp: 7 })))).toBe(
      'EVIDENCE_MALFORMED',
    );
  });

  it.each([
    ['logIndex', -1],
    ['logIndex', 1.5],
    ['logIndex', '7'],
    ['logIndex', 1e300],
    ['integratedTime', null],
    ['integratedTime', -5],
    ['logID', 'xyz'],
    ['logID', 'AB'.repeat(32)],
    ['logID', 7],
    ['body', '%%%'],
    ['body', ''],
    ['body', {}],
  ])('refuses %s %j', (field, value) => {
    expect(judge(payloadWith(field, value))).toBe('EVIDENCE_MALFORMED');
  });

  it('refuses members that stand twice', () => {
    const text = annotations[legacyAnnotations.bundle] as string;
    const twice = text.replace('"logIndex":', '"logIndex":1,"logIndex":');
    expect(judge({ [legacyAnnotations.bundle]: twice })).toBe('EVIDENCE_MALFORMED');
    const stamp = '{"SignedRFC3161Timestamp":"AA==","SignedRFC3161Timestamp":"AA=="}';
    expect(judge({ [legacyAnnotations.timestamp]: stamp })).toBe('EVIDENCE_MALFORMED');
  });

  it('reads a timestamp, and refuses what is none', () => {
    const stamp = (text: string): string => judge({ [legacyAnnotations.timestamp]: text });
    expect(stamp('{"SignedRFC3161Timestamp":"AQID"}')).toBe('accepted');
    const timestamp = { [legacyAnnotations.timestamp]: '{"SignedRFC3161Timestamp":"AQID"}' };
    const { timestamps } = evidenceFromLegacySignature({
      payload,
      annotations: { ...annotations, ...timestamp },
    });
    expect(timestamps).toEqual([Uint8Array.of(1, 2, 3)]);
    for (const text of [
      '[]',
      'null',
      '{',
      '{}',
      '{"SignedRFC3161Timestamp":7}',
      '{"SignedRFC3161Timestamp":"%"}',
    ])
      expect(stamp(text)).toBe('EVIDENCE_MALFORMED');
    expect(stamp(' '.repeat(65 * 1024))).toBe('EVIDENCE_MALFORMED');
  });

  it('refuses a body that is no log entry', () => {
    expect(judge(payloadWith('body', encodeBase64(encodeUtf8('{}'))))).toBe('BODY_MALFORMED');
    expect(judge(payloadWith('body', encodeBase64(encodeUtf8('garbage'))))).toBe('BODY_MALFORMED');
  });
});

describe('parseArtifactDigest', () => {
  it('reads digests of all three algorithms', () => {
    expect(parseArtifactDigest(IMAGE_DIGEST).digest).toHaveLength(32);
    expect(parseArtifactDigest(`sha384:${'a'.repeat(96)}`).digest).toHaveLength(48);
    expect(parseArtifactDigest(`sha512:${'a'.repeat(128)}`).digest).toHaveLength(64);
  });

  it.each([
    '',
    'sha256:',
    `sha256:${'a'.repeat(63)}`,
    `sha256:${'A'.repeat(64)}`,
    `md5:${'a'.repeat(64)}`,
    `sha512:${'a'.repeat(64)}`,
  ])('refuses %j', (text) => {
    expect(refusal(() => parseArtifactDigest(text))).toBe('EVIDENCE_MALFORMED');
  });
});
