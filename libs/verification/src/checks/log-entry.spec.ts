import type { TransparencyLogEntry } from '@sigstead/bundle';
import { PrivateKeySigner } from '@sigstead/crypto';
import { canonicalizeJson, encodePem, encodeUtf8 } from '@sigstead/encoding';
import { Certificate } from '@sigstead/x509';
import type { TransparencyLogInstance, TrustedRoot, Validity } from '@sigstead/trust';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { InclusionProof } from '../evidence/inclusion-proof.ts';
import type { SignatureEvidence } from '../evidence/signature-evidence.ts';
import {
  certificateOf,
  entryOf,
  hashedRekord,
  IMAGE_DIGEST,
  ISSUED,
  MiniSigstore,
  NOW,
  SIGNED,
  simpleSigning,
} from '../testonly/mini-sigstore.ts';
import { refusal } from '../testonly/refusal.ts';
import { assertBodyBinds, readEntryBody, type EntrySubject } from './body.ts';
import { verifyProofCheckpoint } from './checkpoint.ts';
import { verifyEntryInclusion } from './inclusion.ts';
import { assertCertificateValidAt } from './certificate.ts';
import { assertNotInFuture } from './not-in-future.ts';
import { assertLogValidAt, findLog, pickLog } from './log.ts';
import { verifySignedEntryTimestamp } from './signed-entry-timestamp.ts';
import { verifyPayloadSignature } from './signature.ts';

describe('checks of the log entry', () => {
  let sigstore: MiniSigstore;
  let evidence: SignatureEvidence;
  let certificate: Certificate;
  let entry: TransparencyLogEntry;
  let log: TransparencyLogInstance;
  beforeAll(async () => {
    sigstore = await MiniSigstore.create();
    evidence = await sigstore.signImage();
    certificate = Certificate.parse(certificateOf(evidence));
    entry = entryOf(evidence);
    log = sigstore.trustedRoot.tlogs[0] as TransparencyLogInstance;
  });

  describe('the log', () => {
    it('is found by its id', () => {
      expect(findLog(entry, sigstore.trustedRoot)).toBe(log);
      const none: TrustedRoot = { ...sigstore.trustedRoot, tlogs: [] };
      expect(findLog(entry, none)).toMatchObject({ code: 'LOG_UNKNOWN' });
    });

    it('is taken for the period that has the time, when its key is listed for several', () => {
      const old = { ...log, validFor: { start: new Date(0), end: new Date(1) } };
      expect(pickLog([old, log], log.logId, SIGNED)).toBe(log);
      expect(pickLog([old], log.logId, SIGNED)).toBe(old);
    });

    it('must have been trusted at that time, both ends included', () => {
      const judge = (validFor: Validity): string =>
        refusal(() => assertLogValidAt({ ...log, validFor }, SIGNED));
      expect(judge({ start: SIGNED, end: SIGNED })).toBe('accepted');
      expect(judge({ start: new Date(SIGNED.getTime() + 1) })).toBe('LOG_NOT_VALID');
      expect(judge({ start: ISSUED, end: new Date(SIGNED.getTime() - 1) })).toBe('LOG_NOT_VALID');
    });
  });

  describe('the signed entry timestamp', () => {
    const judge = (changed: Partial<TransparencyLogEntry>): string =>
      refusal(() => verifySignedEntryTimestamp({ ...entry, ...changed }, log));

    it('yields the integrated time', () => {
      expect(verifySignedEntryTimestamp(entry, log)).toEqual(SIGNED);
    });

    it('makes the time a fact: without one there is none', () => {
      const { inclusionPromise: _, ...bare } = entry;
      expect(verifySignedEntryTimestamp(bare, log)).toBeUndefined();
    });

    it('has no place in an entry of Rekor v2, nor has a time', () => {
      const { inclusionPromise: _, ...bare } = { ...entry, kindVersion: '0.0.2', integratedTimeSeconds: 0n };
      expect(verifySignedEntryTimestamp(bare, log)).toBeUndefined();
      expect(judge({ kindVersion: '0.0.2' })).toBe('SET_UNEXPECTED');
      expect(judge({ kindVersion: '0.0.2', integratedTimeSeconds: 0n })).toBe('SET_UNEXPECTED');
      const claimed = { ...bare, integratedTimeSeconds: 1n };
      expect(refusal(() => verifySignedEntryTimestamp(claimed, log))).toBe('SET_UNEXPECTED');
    });

    it('covers body, time, index and log', () => {
      expect(judge({ canonicalizedBody: encodeUtf8('{}') })).toBe('SET_INVALID');
      expect(judge({ integratedTimeSeconds: entry.integratedTimeSeconds - 1n })).toBe('SET_INVALID');
      expect(judge({ logIndex: entry.logIndex + 1n })).toBe('SET_INVALID');
      expect(judge({ logId: new Uint8Array(32) })).toBe('SET_INVALID');
    });

    it('is not borrowed from another entry or another log', async () => {
      const other = entryOf(await sigstore.signImage());
      expect(judge({ inclusionPromise: other.inclusionPromise as Uint8Array })).toBe('SET_INVALID');
      const stranger = { ...log, key: PrivateKeySigner.generate('P-256').publicKey };
      expect(refusal(() => verifySignedEntryTimestamp(entry, stranger))).toBe('SET_INVALID');
    });

    it('is refused with numbers that JSON cannot carry exactly', () => {
      expect(judge({ logIndex: 1n << 60n })).toBe('SET_INVALID');
      expect(judge({ logIndex: -1n })).toBe('SET_INVALID');
      expect(judge({ logId: new Uint8Array(31) })).toBe('SET_INVALID');
      expect(judge({ canonicalizedBody: new Uint8Array() })).toBe('SET_INVALID');
    });

    it('is refused when it is over a time that is no date', async () => {
      for (const integratedTimeSeconds of [0n, 253_402_300_800n, 2n ** 52n]) {
        const changed = { ...entry, integratedTimeSeconds };
        const inclusionPromise = await sigstore.log.promise(changed);
        expect(judge({ integratedTimeSeconds, inclusionPromise })).toBe('INTEGRATED_TIME');
      }
    });
  });

  describe('the integrated time', () => {
    it('lies within the certificate, both ends included', () => {
      const at = (ms: number): string =>
        refusal(() => assertCertificateValidAt(certificate, new Date(ISSUED.getTime() + ms)));
      expect([at(-1), at(0), at(600_000), at(600_001)]).toEqual([
        'CERTIFICATE_NOT_VALID',
        'accepted',
        'accepted',
        'CERTIFICATE_NOT_VALID',
      ]);
    });

    it('is not in the future', () => {
      expect(refusal(() => assertNotInFuture(new Date(NOW.getTime() + 10), NOW, 10))).toBe('accepted');
      expect(refusal(() => assertNotInFuture(new Date(NOW.getTime() + 11), NOW, 10))).toBe('INTEGRATED_TIME');
    });
  });

  describe('the checkpoint', () => {
    const judge = (proof: InclusionProof, trusted = log): string =>
      refusal(() => verifyProofCheckpoint(proof, trusted, false));
    const own = (): InclusionProof => entry.inclusionProof as InclusionProof;

    it('yields the tree of the proof', () => {
      const { size, rootHash, origin } = verifyProofCheckpoint(own(), log, false);
      expect({ size, rootHash, origin }).toEqual({
        size: own().treeSize,
        rootHash: own().rootHash,
        origin: 'log.sigstead.test - 4242424242',
      });
    });

    it('is signed by the log', () => {
      const stranger = { ...log, key: PrivateKeySigner.generate('P-256').publicKey };
      expect(judge(own(), stranger)).toBe('CHECKPOINT_INVALID');
      expect(judge({ ...own(), checkpoint: own().checkpoint.replace('\n6\n', '\n7\n') })).toBe(
        'CHECKPOINT_INVALID',
      );
      expect(judge({ ...own(), checkpoint: '' })).toBe('CHECKPOINT_INVALID');
      expect(judge({ ...own(), checkpoint: 'no note at all' })).toBe('CHECKPOINT_INVALID');
    });

    it('is of a tree of this log', async () => {
      const foreign = ['elsewhere.test - 4242424242', 'elsewhere.test', 'log.sigstead.test - x'];
      for (const origin of [...foreign, 'log.sigstead.test.evil.test', 'log.sigstead.test - 1 - 2']) {
        expect(judge(await sigstore.log.prove(5n, origin))).toBe('CHECKPOINT_ORIGIN');
      }
      expect(judge(await sigstore.log.prove(5n, 'log.sigstead.test - 1'))).toBe('accepted');
      expect(judge(await sigstore.log.prove(5n, 'log.sigstead.test'))).toBe('accepted');
      expect(judge(own(), { ...log, baseUrl: 'https://elsewhere.test' })).toBe('CHECKPOINT_INVALID');
      expect(judge(own(), { ...log, baseUrl: 'no url' })).toBe('CHECKPOINT_INVALID');
    });

    it('is of the very tree of the proof', () => {
      expect(judge({ ...own(), treeSize: 7n })).toBe('CHECKPOINT_MISMATCH');
      expect(judge({ ...own(), rootHash: new Uint8Array(32) })).toBe('CHECKPOINT_MISMATCH');
    });
  });

  describe('the inclusion proof', () => {
    const judge = (proof: InclusionProof, body = entry.canonicalizedBody): string => {
      const checkpoint = verifyProofCheckpoint(entry.inclusionProof as InclusionProof, log, false);
      return refusal(() => verifyEntryInclusion({ ...entry, canonicalizedBody: body }, proof, checkpoint));
    };
    const own = (): InclusionProof => entry.inclusionProof as InclusionProof;

    it('leads from the body to the root', () => {
      expect(judge(own())).toBe('accepted');
    });

    it('is for this leaf at this place', () => {
      expect(judge(own(), encodeUtf8('another body'))).toBe('INCLUSION_PROOF_INVALID');
      expect(judge({ ...own(), logIndex: own().logIndex - 1n })).toBe('INCLUSION_PROOF_INVALID');
      expect(judge({ ...own(), logIndex: own().treeSize })).toBe('INCLUSION_PROOF_INVALID');
    });

    it('has as many hashes as the tree is high, all right', () => {
      expect(judge({ ...own(), hashes: own().hashes.slice(1) })).toBe('INCLUSION_PROOF_INVALID');
      expect(judge({ ...own(), hashes: own().hashes.map(() => new Uint8Array(32)) })).toBe(
        'INCLUSION_PROOF_INVALID',
      );
      expect(judge({ ...own(), hashes: own().hashes.map(() => new Uint8Array(31)) })).toBe(
        'INCLUSION_PROOF_INVALID',
      );
    });

    it('may be newer than the entry, for a grown tree', async () => {
      const grown = await sigstore.log.prove(own().logIndex);
      expect(grown.treeSize).toBeGreaterThan(own().treeSize);
      const checkpoint = verifyProofCheckpoint(grown, log, false);
      expect(refusal(() => verifyEntryInclusion(entry, grown, checkpoint))).toBe('accepted');
    });
  });

  describe('the body', () => {
    const payload = simpleSigning(IMAGE_DIGEST);
    const subject = (): EntrySubject => ({
      content: evidence.content,
      signed: verifyPayloadSignature(certificate.publicKey, payload, evidence.signature),
      signature: evidence.signature,
      publicKey: certificate.publicKey,
      certificate,
    });
    const judge = (body: Uint8Array): string =>
      refusal(() => assertBodyBinds(readEntryBody({ ...entry, canonicalizedBody: body }), subject()));
    const pem = (): string => encodePem('CERTIFICATE', certificateOf(evidence));

    it('binds payload, signature and certificate', () => {
      expect(judge(entry.canonicalizedBody)).toBe('accepted');
    });

    it('is not about another payload', () => {
      expect(judge(hashedRekord(simpleSigning('sha256:00'), evidence.signature, pem()))).toBe('BODY_HASH');
    });

    it('is not about a digest by an algorithm that is not known of the artifact', () => {
      const signed = { hash: 'sha512', digest: () => undefined } as const;
      const sha512: EntrySubject = { ...subject(), signed };
      expect(refusal(() => assertBodyBinds(readEntryBody(entry), sha512))).toBe('BODY_HASH');
    });

    it('is not about another signature, though that verifies as well', async () => {
      const signer = PrivateKeySigner.generate('P-256');
      const [first, second] = [await sigstore.signImage({ signer }), await signer.sign(payload)];
      expect(second).not.toEqual(first.signature);
      const logged = encodePem('CERTIFICATE', certificateOf(first));
      expect(judge(hashedRekord(payload, second, logged))).toBe('BODY_SIGNATURE');
    });

    it('is not about another certificate of the same key', async () => {
      const again = await sigstore.issue(certificate.publicKey);
      expect(judge(hashedRekord(payload, evidence.signature, encodePem('CERTIFICATE', again)))).toBe(
        'BODY_KEY',
      );
    });

    it('is not about the bare key', () => {
      const bare = certificate.publicKey.toPem();
      expect(judge(hashedRekord(payload, evidence.signature, bare))).toBe('BODY_KEY');
    });

    it('is read strictly', () => {
      const text = new TextDecoder().decode(entry.canonicalizedBody);
      expect(judge(encodeUtf8(` ${text}`))).toBe('BODY_MALFORMED');
      expect(judge(encodeUtf8(text.replace('{"data"', '{"a":1,"a":2,"data"')))).toBe('BODY_MALFORMED');
      expect(judge(encodeUtf8('[]'))).toBe('BODY_MALFORMED');
      expect(judge(encodeUtf8('{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{}}'))).toBe(
        'BODY_MALFORMED',
      );
      expect(judge(new Uint8Array(8 * 1024 * 1024 + 1).fill(0x20))).toBe('BODY_MALFORMED');
    });

    it('is of the kind and version the entry announces, which must be one that is judged here', () => {
      expect(refusal(() => readEntryBody({ ...entry, kind: 'dsse' }))).toBe('BODY_MALFORMED');
      for (const [kind, version] of [
        ['dsse', '0.0.3'],
        ['intoto', '0.0.3'],
        ['hashedrekord', '0.0.3'],
        ['helm', '0.0.1'],
        ['__proto__', '0.0.1'],
      ] as const) {
        const canonicalizedBody = encodeUtf8(canonicalizeJson({ apiVersion: version, kind, spec: {} }));
        const foreign = { ...entry, kind, kindVersion: version, canonicalizedBody };
        expect(refusal(() => readEntryBody(foreign))).toBe('UNSUPPORTED');
      }
    });
  });
});
