import { digestSize, sha256, type HashAlgorithm } from '@sigstead/crypto';
import { decodeHex, decodePem, decodeUtf8, EncodingError, encodeHex } from '@sigstead/encoding';
import { decodeEnvelopeBase64, MAX_ENVELOPE_SIGNATURES, MAX_PAYLOAD_TYPE_LENGTH } from './dsse-envelope.ts';
import { TlogError } from './errors.ts';
import { innerText } from './intoto.ts';
import { type EntryFrame } from './proposed-entry.ts';
import { readSha256, readSpecHash, type SpecHash } from './spec-hash.ts';
import { SpecReader } from './spec-reader.ts';
import { MAX_VERIFIER_LENGTH } from './x509-verifier.ts';

const MAX_SIGNATURE_LENGTH = 8192;
const MAX_RAW_BYTES = 96 * 1024;
const MAX_PEM_BLOCKS = 10;

export interface LoggedDigest {
  readonly algorithm: HashAlgorithm;
  readonly digest: Uint8Array;
}

/** What an entry says its signature verifies with, byte for byte. It is for comparing: nothing in it has been parsed. */
export interface LoggedVerifier {
  readonly form: 'certificate' | 'publicKey';
  /** DER of the leaf certificate or of the SubjectPublicKeyInfo. */
  readonly der: Uint8Array;
  /** Name in the algorithm registry; entries of Rekor v2 have it. */
  readonly keyDetails?: string;
}

export interface LoggedSignature {
  readonly signature: Uint8Array;
  readonly verifier: LoggedVerifier;
}

/** What a log entry is about, in the three ways there are to say it. */
export type LoggedEntry =
  /** hashedrekord 0.0.1 and 0.0.2: a signature over something with this digest. */
  | ({ readonly form: 'digest'; readonly digest: LoggedDigest } & LoggedSignature)
  /** dsse 0.0.1 and 0.0.2, intoto 0.0.2: the payload of an envelope and the envelope's signatures. */
  | {
      readonly form: 'envelope';
      readonly payloadDigest: LoggedDigest;
      /** intoto 0.0.2 only. */
      readonly payloadType?: string;
      readonly signatures: readonly LoggedSignature[];
    }
  /** intoto 0.0.1: an envelope as text, and one key. The signature is in the text, thus in its digest. */
  | {
      readonly form: 'envelope-text';
      readonly envelopeDigest: LoggedDigest;
      readonly payloadDigest: LoggedDigest;
      readonly verifier: LoggedVerifier;
    };

type Read = (spec: SpecReader) => LoggedEntry;

/** By kind and version. A version that is not here is not guessed at. */
const READERS: Readonly<Record<string, Read>> = {
  'hashedrekord 0.0.1': readHashedRekord,
  'dsse 0.0.1': readDsse,
  'intoto 0.0.1': readIntotoV001,
  'intoto 0.0.2': readIntotoV002,
  'hashedrekord 0.0.2': readHashedRekordV002,
  'dsse 0.0.2': readDsseV002,
};

export function isLoggedEntryKind(kind: string, apiVersion: string): boolean {
  return Object.hasOwn(READERS, `${kind} ${apiVersion}`);
}

/** Of these only a Rekor v2 log has entries. */
export function isRekorV2Kind(kind: string, apiVersion: string): boolean {
  return apiVersion === '0.0.2' && (kind === 'hashedrekord' || kind === 'dsse');
}

/**
 * Reads the body of a stored entry, as far as it says what was signed and by whom.
 *
 * @throws TlogError VERSION_UNSUPPORTED for other kinds and versions, SPEC, VERIFIER
 */
export function readLoggedEntry({ kind, apiVersion, spec }: EntryFrame): LoggedEntry {
  const name = `${kind} ${apiVersion}`;
  const read = Object.hasOwn(READERS, name) ? READERS[name] : undefined;
  if (read === undefined) {
    throw new TlogError('VERSION_UNSUPPORTED', `entries of kind ${name.slice(0, 64)} cannot be read`);
  }
  return read(SpecReader.of(spec));
}

function readHashedRekord(root: SpecReader): LoggedEntry {
  const signature = root.object('signature');
  const hash = readSpecHash(root.object('data').object('hash'), ['sha256', 'sha384', 'sha512']);
  return {
    form: 'digest',
    digest: digestOf(hash),
    signature: signature.bytes('content', MAX_SIGNATURE_LENGTH),
    verifier: readPem(signature.object('publicKey'), 'content'),
  };
}

function readDsse(root: SpecReader): LoggedEntry {
  return {
    form: 'envelope',
    payloadDigest: digestOf(readSha256(root.object('payloadHash'))),
    signatures: root.objectList('signatures', { min: 1, max: MAX_ENVELOPE_SIGNATURES }).map((signature) => ({
      signature: decodeEnvelopeBase64(
        signature.text('signature', MAX_SIGNATURE_LENGTH),
        signature.at('signature'),
      ),
      verifier: readPem(signature, 'verifier'),
    })),
  };
}

function readIntotoV001(root: SpecReader): LoggedEntry {
  const content = root.object('content');
  return {
    form: 'envelope-text',
    envelopeDigest: digestOf(readSha256(content.object('hash'))),
    payloadDigest: digestOf(readSha256(content.object('payloadHash'))),
    verifier: readPem(root, 'publicKey'),
  };
}

/** `sig` and `payload` are base64 of the base64 text that DSSE has. Rekor drops the payload; where a log keeps it, it must be the one hashed. */
function readIntotoV002(root: SpecReader): LoggedEntry {
  const content = root.object('content');
  const envelope = content.object('envelope');
  const payloadDigest = digestOf(readSha256(content.object('payloadHash')));
  const payload = envelope.optionalBytes('payload', Number.MAX_SAFE_INTEGER);
  if (payload !== undefined) {
    const kept = sha256(
      decodeEnvelopeBase64(innerText(payload, envelope.at('payload')), envelope.at('payload')),
    );
    if (encodeHex(kept) !== encodeHex(payloadDigest.digest)) {
      throw new TlogError('SPEC', 'content.envelope.payload is not what content.payloadHash is of', {
        field: 'content.payloadHash',
      });
    }
  }
  return {
    form: 'envelope',
    payloadDigest,
    payloadType: envelope.text('payloadType', MAX_PAYLOAD_TYPE_LENGTH),
    signatures: envelope
      .objectList('signatures', { min: 1, max: MAX_ENVELOPE_SIGNATURES })
      .map((signature) => {
        const field = signature.at('sig');
        return {
          signature: decodeEnvelopeBase64(
            innerText(signature.bytes('sig', MAX_SIGNATURE_LENGTH), field),
            field,
          ),
          verifier: readPem(signature, 'publicKey'),
        };
      }),
  };
}

function readHashedRekordV002(root: SpecReader): LoggedEntry {
  const entry = root.object('hashedRekordV002');
  return {
    form: 'digest',
    digest: readHashOutput(entry.object('data')),
    ...readSignatureV002(entry.object('signature')),
  };
}

function readDsseV002(root: SpecReader): LoggedEntry {
  const entry = root.object('dsseV002');
  return {
    form: 'envelope',
    payloadDigest: readHashOutput(entry.object('payloadHash')),
    signatures: entry
      .objectList('signatures', { min: 1, max: MAX_ENVELOPE_SIGNATURES })
      .map(readSignatureV002),
  };
}

/** `Signature` of rekor v2: `{content, verifier: {keyDetails, publicKey | x509Certificate: {rawBytes}}}`. */
function readSignatureV002(signature: SpecReader): LoggedSignature {
  const verifier = signature.object('verifier');
  const certificate = verifier.optionalObject('x509Certificate');
  const publicKey = verifier.optionalObject('publicKey');
  if ((certificate === undefined) === (publicKey === undefined)) {
    throw new TlogError('SPEC', `${verifier.at('x509Certificate')} or publicKey is required, and not both`, {
      field: verifier.at('x509Certificate'),
    });
  }
  return {
    signature: signature.bytes('content', MAX_SIGNATURE_LENGTH),
    verifier: {
      form: certificate === undefined ? 'publicKey' : 'certificate',
      der: (certificate ?? publicKey ?? verifier).bytes('rawBytes', MAX_RAW_BYTES),
      keyDetails: verifier.text('keyDetails', 64),
    },
  };
}

const HASH_NAMES: Readonly<Record<string, HashAlgorithm>> = {
  SHA2_256: 'sha256',
  SHA2_384: 'sha384',
  SHA2_512: 'sha512',
};

/** `HashOutput` of sigstore_common.proto. */
function readHashOutput(output: SpecReader): LoggedDigest {
  const name = output.text('algorithm', 32);
  const algorithm = Object.hasOwn(HASH_NAMES, name) ? HASH_NAMES[name] : undefined;
  const digest = output.bytes('digest', 128);
  if (algorithm === undefined || digest.length !== digestSize(algorithm)) {
    const field = output.at(algorithm === undefined ? 'algorithm' : 'digest');
    throw new TlogError('SPEC', `${field} in body is not a SHA-2 digest of its length`, { field });
  }
  return { algorithm, digest };
}

/** The first block of PEM that stands as base64 in a field. */
function readPem(parent: SpecReader, name: string): LoggedVerifier {
  const field = parent.at(name);
  const [block] = pemBlocks(parent.bytes(name, MAX_VERIFIER_LENGTH), field);
  if (block?.label === 'CERTIFICATE') return { form: 'certificate', der: block.bytes };
  if (block?.label === 'PUBLIC KEY') return { form: 'publicKey', der: block.bytes };
  throw new TlogError('VERIFIER', 'public key is neither a PUBLIC KEY nor a CERTIFICATE', { field });
}

function pemBlocks(bytes: Uint8Array, field: string): ReturnType<typeof decodePem> {
  try {
    return decodePem(decodeUtf8(bytes).trim(), { maxBlocks: MAX_PEM_BLOCKS });
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new TlogError('VERIFIER', `invalid public key: ${cause.message}`, { cause, field });
  }
}

function digestOf({ algorithm, value }: SpecHash): LoggedDigest {
  return { algorithm, digest: decodeHex(value.toLowerCase()) };
}
