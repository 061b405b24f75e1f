import { serializeBundle, type Bundle } from '@sigstead/bundle';
import { signContent, type SignedContent, type SigningContent } from './content.ts';
import { callStep, SigningError, type SigningStep } from './errors.ts';
import { judgeBundle } from './judge.ts';
import { logSignature, type LoggedSignature } from './log-entry.ts';
import { makeBundle } from './make-bundle.ts';
import { assertComplete, hasPromises, type SigningServices } from './services.ts';
import type { SigningKey } from './signing-key.ts';

/** A signature with everything that proves it, verified. */
export interface Signature extends SignedContent {
  readonly key: SigningKey;
  /** One for each log, in the order of the services. */
  readonly logged: readonly [LoggedSignature, ...LoggedSignature[]];
  /** RFC 3161, DER, one for each timestamp authority. */
  readonly timestamps: readonly Uint8Array[];
  readonly bundle: Bundle;
  /** The bundle as the JSON text that was verified. */
  readonly bundleJson: string;
}

/** Told which step begins. */
export type OnStep = (step: SigningStep) => void;

/**
 * One signature, from the content to a bundle that verifies. Nobody has it before this returns but the log and the timestamp authorities.
 *
 * @throws SigningError naming the step; nothing was stored, and signing again is safe
 */
export async function makeSignature(
  services: SigningServices,
  key: SigningKey,
  content: SigningContent,
  onStep: OnStep = () => undefined,
): Promise<Signature> {
  assertComplete(services, key.kind === 'certificate');
  assertFit(content, key, services);
  onStep('signature');
  const signed = await signContent(content, key);
  assertLoggable(signed, key, services);
  onStep('timestamp');
  const timestamps = await timestamp(services, signed.signature);
  onStep('log');
  const logged = await logSignature(services, signed, key);
  const logEntries = logged.map(({ entry }) => entry);
  const bundle = makeBundle(signed, key, logEntries, timestamps);
  const bundleJson = serializeBundle(bundle);
  judgeBundle(bundleJson, signed, key, services);
  const [first, ...further] = logged;
  if (first === undefined) throw new Error('a signature was made without a log');
  return { ...signed, key, logged: [first, ...further], timestamps, bundle, bundleJson };
}

/** What would only come out when the log refuses it. */
function assertFit(content: SigningContent, { signer }: SigningKey, services: SigningServices): void {
  const { type } = signer.publicKey;
  const promised = hasPromises(services);
  if (content.kind === 'simple-signing' && !promised)
    throw unfit('the .sig form needs a promise of the log, which Rekor v2 does not give');
  // cosign takes a log entry of the form for one of another hash, its own too (pkg/cosign/verify.go, bundleHash).
  if (content.kind === 'simple-signing' && signer.hash !== 'sha256')
    throw unfit(
      `the .sig form is signed over SHA-256, which keys of type ${type} do not sign: such keys sign images in form bundle only`,
    );
  // Rekor verifies envelopes with SHA-256 whatever the curve is (pkg/types/dsse).
  if (content.kind === 'statement' && promised && type !== 'Ed25519' && signer.hash !== 'sha256')
    throw unfit(`Rekor v1 takes no envelopes signed by keys of type ${type}`);
}

/**
 * Entries hold a digest, for which Ed25519 signs as Ed25519ph; envelopes are verified as messages, and Rekor v2 has no entries for
 * those.
 */
function assertLoggable(
  { content, prehashed }: SignedContent,
  { signer }: SigningKey,
  services: SigningServices,
): void {
  if (signer.publicKey.type !== 'Ed25519') return;
  const isEnvelope = content.kind === 'statement';
  if (isEnvelope && !hasPromises(services))
    throw unfit('Rekor v2 takes no envelopes signed by keys of type Ed25519');
  if (isEnvelope !== prehashed) return;
  throw unfit(
    isEnvelope
      ? 'envelopes are signed with Ed25519, not with Ed25519ph'
      : 'the log takes signatures of Ed25519ph over digests, not of Ed25519 over messages',
  );
}

function unfit(message: string): SigningError {
  return new SigningError('input', 'ARTIFACT', message);
}

function timestamp({ timestampAuthorities }: SigningServices, signature: Uint8Array): Promise<Uint8Array[]> {
  return Promise.all(
    timestampAuthorities.map((authority) => callStep('timestamp', () => authority.timestamp(signature))),
  );
}
