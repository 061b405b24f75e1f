import { readFile, writeFile } from 'node:fs/promises';
import { pushImage } from '@sigstead/instance';
import type { Tampering } from '../interop-case.ts';
import type { BlobTarget, ExpectedSigner, ImageTarget, Target, Workpiece } from '../workpiece.ts';
import {
  LOG_ENTRY,
  readEvidence,
  SIGNATURE,
  writeEvidence,
  type BundleJson,
  type BundleSignature,
  type EnvelopeJson,
  type LogEntryJson,
  type Signature,
} from './evidence.ts';
import type { ImageLocation } from './registry.ts';

/** What tampering needs of its surroundings. */
export interface Means {
  /** Of somebody who signed nothing. */
  readonly otherPublicKey: string;
  /** A predicate that nothing was attested with. */
  readonly otherPredicate: Workpiece['predicate'];
}

/** What was accepted, with one thing about it changed, beside it: what was there stays as it was. */
export async function tamper(piece: Workpiece, how: Tampering, means: Means): Promise<Workpiece> {
  switch (how) {
    case 'other signer':
      return { ...piece, expected: otherSigner(piece.expected, means.otherPublicKey) };
    case 'other predicate type':
      return { ...piece, predicate: means.otherPredicate };
    case 'other artifact':
      return changed(piece, { content: 'something else', edit: (signature) => signature });
    case 'changed signature':
      return changed(piece, { edit: withChangedSignature });
    case 'changed log entry':
      return changed(piece, { edit: withChangedLogEntry });
    case 'changed checkpoint':
      return changed(piece, { edit: withChangedCheckpoint });
  }
}

function otherSigner(expected: ExpectedSigner, publicKey: string): ExpectedSigner {
  if (expected.kind === 'key') return { kind: 'key', publicKey };
  return { ...expected, identity: expected.identity.replace('release.yml', 'deploy.yml') };
}

interface Change {
  /** Of the artifact; the same unless told. */
  readonly content?: string;
  edit(signature: Signature): Signature;
}

async function changed(piece: Workpiece, change: Change): Promise<Workpiece> {
  const { target } = piece;
  return {
    ...piece,
    target:
      target.kind === 'blob' ? await changedBlob(target, change) : await changedImage(piece, target, change),
  };
}

async function changedBlob({ file, bundle }: BlobTarget, { content, edit }: Change): Promise<Target> {
  const written: BlobTarget = { kind: 'blob', file: `${file}.tampered`, bundle: `${bundle}.tampered` };
  const signature = edit({
    form: 'bundle',
    bundle: JSON.parse(await readFile(bundle, 'utf8')) as BundleJson,
  });
  if (signature.form !== 'bundle') throw new Error('a blob has a bundle');
  await writeFile(written.file, content ?? (await readFile(file)));
  await writeFile(written.bundle, JSON.stringify(signature.bundle));
  return written;
}

async function changedImage(
  { artifact, form }: Workpiece,
  { image }: ImageTarget,
  { content, edit }: Change,
): Promise<Target> {
  const { manifest, signature } = await readEvidence(image, artifact, form);
  const written = await pushBeside(image, content);
  await writeEvidence(written, artifact, { manifest, signature: edit(signature) });
  return { kind: 'image', image: written };
}

/** Into a repository of its own, where no other signature helps. */
async function pushBeside(image: ImageLocation, content: string | undefined): Promise<ImageLocation> {
  const repository = `${image.repository}-tampered`;
  const { digest } = await pushImage(image.registry, repository, 'v1', content ?? image.repository);
  return { ...image, repository, digest };
}

function withChangedSignature(signature: Signature): Signature {
  if (signature.form === 'bundle') return { form: 'bundle', bundle: withChangedContent(signature.bundle) };
  const { annotations, payload } = signature;
  const beside = annotations[SIGNATURE] ?? '';
  if (beside !== '')
    return { ...signature, annotations: { ...annotations, [SIGNATURE]: flipLastBit(beside) } };
  const envelope = withChangedEnvelope(JSON.parse(payload.toString()) as EnvelopeJson);
  return { ...signature, payload: Buffer.from(JSON.stringify(envelope)) };
}

function withChangedContent(bundle: BundleJson): BundleJson {
  const { dsseEnvelope, messageSignature } = bundle;
  if (dsseEnvelope !== undefined) return { ...bundle, dsseEnvelope: withChangedEnvelope(dsseEnvelope) };
  if (messageSignature === undefined) throw new Error('the bundle has no signature');
  const signature = flipLastBit(messageSignature.signature);
  return { ...bundle, messageSignature: { ...messageSignature, signature } };
}

function withChangedEnvelope(envelope: EnvelopeJson): EnvelopeJson {
  return { ...envelope, signatures: envelope.signatures.map(({ sig }) => ({ sig: flipLastBit(sig) })) };
}

function withChangedLogEntry(signature: Signature): Signature {
  if (signature.form === 'legacy') {
    const { annotations } = signature;
    const logged = JSON.parse(annotations[LOG_ENTRY] ?? '{}') as { Payload: { body: string } };
    const Payload = { ...logged.Payload, body: withSpace(logged.Payload.body) };
    const entry = JSON.stringify({ ...logged, Payload });
    return { ...signature, annotations: { ...annotations, [LOG_ENTRY]: entry } };
  }
  return withLogEntries(signature, (entry) => ({
    ...entry,
    canonicalizedBody: withSpace(entry.canonicalizedBody),
  }));
}

function withChangedCheckpoint(signature: Signature): Signature {
  if (signature.form === 'legacy') throw new Error('the older form has no checkpoint');
  return withLogEntries(signature, (entry) => {
    if (entry.inclusionProof === undefined) throw new Error('the entry has no proof');
    const { checkpoint, ...proof } = entry.inclusionProof;
    const envelope = checkpoint.envelope.replace(/(?<= )\S+(?=\n$)/, flipLastBit);
    return { ...entry, inclusionProof: { ...proof, checkpoint: { envelope } } };
  });
}

function withLogEntries({ bundle }: BundleSignature, edit: (entry: LogEntryJson) => LogEntryJson): Signature {
  const { verificationMaterial } = bundle;
  const tlogEntries = verificationMaterial.tlogEntries.map(edit);
  return {
    form: 'bundle',
    bundle: { ...bundle, verificationMaterial: { ...verificationMaterial, tlogEntries } },
  };
}

/** The last byte of DER of an ECDSA signature is the lowest of `s`: it stays well-formed. */
function flipLastBit(base64: string): string {
  const bytes = Buffer.from(base64, 'base64');
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  return bytes.toString('base64');
}

/** Says the same, in other bytes: only a reader that trusts the log's signatures over bytes can tell. */
function withSpace(base64: string): string {
  return Buffer.concat([Buffer.from(base64, 'base64'), Buffer.from(' ')]).toString('base64');
}
