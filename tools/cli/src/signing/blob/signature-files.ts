import { encodeBase64, encodeUtf8 } from '@sigstead/encoding';
import { envelopeJson, type Signature } from '@sigstead/signing';
import { FileDraft } from '../../replace-file.ts';

/** Where the parts of one signature are written; names as cosign's options have them. */
export interface SignatureFiles {
  readonly bundle?: string | undefined;
  readonly signature?: string | undefined;
  readonly certificate?: string | undefined;
  readonly timestamp?: string | undefined;
  readonly attestation?: string | undefined;
  /** Signature and certificate in base64. */
  readonly b64?: boolean | undefined;
}

/** Writes all of them, or none: each is written beside its place before the first one is put there. @throws CliError */
export async function writeSignatureFiles(files: SignatureFiles, signature: Signature): Promise<void> {
  const drafts: FileDraft[] = [];
  try {
    for (const [path, content] of contentsOf(files, signature))
      drafts.push(await FileDraft.write(path, content));
    for (const draft of drafts) await draft.keep();
  } catch (error) {
    for (const draft of drafts) await draft.discard();
    throw error;
  }
}

type Content = string | Uint8Array | undefined;

function contentsOf(files: SignatureFiles, signature: Signature): [string, string | Uint8Array][] {
  const [timestamp] = signature.timestamps;
  const all: [string | undefined, Content][] = [
    [files.bundle, `${signature.bundleJson}\n`],
    ...ownContents(files, signature),
    [files.timestamp, timestamp && JSON.stringify({ SignedRFC3161Timestamp: encodeBase64(timestamp) })],
  ];
  return all.filter(
    (one): one is [string, string | Uint8Array] => one[0] !== undefined && one[1] !== undefined,
  );
}

/** Of an attestation the signature is the envelope, and nothing is encoded further. */
function ownContents(files: SignatureFiles, signature: Signature): [string | undefined, Content][] {
  const { key, content } = signature;
  const pem = key.kind === 'certificate' ? key.certificate.toPem() : undefined;
  if (content.kind === 'statement') {
    return [
      [files.signature, envelopeJson(signature)],
      [files.certificate, pem],
      [files.attestation, content.statement.payload],
    ];
  }
  const b64 = files.b64 !== false;
  return [
    [files.signature, b64 ? encodeBase64(signature.signature) : signature.signature],
    [files.certificate, b64 && pem !== undefined ? encodeBase64(encodeUtf8(pem)) : pem],
  ];
}
