import type { Bundle } from '@sigstead/bundle';
import { equalBytes, type JsonObject } from '@sigstead/encoding';
import { isRekorV2Kind, parseSignedNote } from '@sigstead/tlog';
import { otherSignature } from './other-signature.ts';
import { partAt } from './places.ts';

/** What may be changed in a sound bundle without anybody noticing, and why that is right. */
export interface UnsignedRule {
  readonly because: string;
  /** The changes of this bundle it is about; all mutants of them are accepted. */
  changes(bundle: Bundle, json: JsonObject): readonly string[];
  /** Whether the verdict may then tell otherwise, as there is less or more to tell. */
  readonly tellsOtherwise?: true;
  /** Of these changes some are refused, for their form. */
  readonly partly?: true;
}

const ENTRY = 'verificationMaterial.tlogEntries[0]';
const CHAIN = 'verificationMaterial.x509CertificateChain.certificates';
const DATA = 'verificationMaterial.timestampVerificationData';
const TIMESTAMPS = `${DATA}.rfc3161Timestamps`;
const PREFIX = 'application/vnd.dev.sigstore.bundle';

/** The whole list. Everything that is not on it is signed, or compared with something that is. */
export const unsignedRules: readonly UnsignedRule[] = [
  {
    because:
      'the media type only says which form the rest has (sigstore_bundle.proto): it may name every version whose form the rest has too',
    changes: (bundle) => mediaTypesOf(bundle).map((mediaType) => `mediaType: ${mediaType}`),
  },
  {
    because:
      'a key hint serves to look a key up (sigstore_common.proto, PublicKeyIdentifier); the key that counts is the one of the policy',
    changes: ({ verificationMaterial: { key } }) =>
      key.kind === 'publicKey'
        ? [
            'verificationMaterial.key.hint: a character',
            'verificationMaterial: publicKey of another bundle',
            ...texts('verificationMaterial.publicKey.hint'),
          ]
        : [],
  },
  {
    because: 'KEYID is "optional, unauthenticated" and must not be used for decisions (DSSE protocol 1.0.2)',
    changes: (bundle, json) => {
      if (bundle.content.kind !== 'dsse' || logsKeyId(bundle)) return [];
      const field = 'dsseEnvelope.signatures[0]';
      const written = partAt(json, ['dsseEnvelope', 'signatures', 0, 'keyid']);
      if (written === undefined) return [`${field}: keyid added from another bundle`];
      // Without a key id it is written empty or not at all, which is the same.
      if (written === '') return texts(`${field}.keyid`).filter((change) => !change.endsWith('removed'));
      return ['content.signatures[0].keyId: a character', ...texts(`${field}.keyid`)];
    },
  },
  {
    because:
      'certificates beside the leaf may be superfluous and are then ignored (sigstore_bundle.proto): the chain is built from the trusted root',
    changes: (bundle) =>
      authoritiesOf(bundle).flatMap((at) => [
        `verificationMaterial.key.certificates[${at}]: a bit`,
        `verificationMaterial.key.certificates[${at}]: the length`,
        `${CHAIN}: item ${at} dropped`,
        `${CHAIN}: item ${at} doubled`,
      ]),
  },
  {
    because: 'as above: what follows the leaf is ignored, be it the leaf again or in another order',
    changes: (bundle) => {
      const { key } = bundle.verificationMaterial;
      if (bundle.version === '0.3' || key.kind !== 'certificate') return [];
      return [
        `${CHAIN}: item 0 doubled`,
        ...(key.certificates.length > 2 ? [`${CHAIN}: another order`] : []),
      ];
    },
  },
  {
    because:
      'index and time of an entry of Rekor v1 are under its promise; without one they "MUST NOT be trusted" (sigstore_rekor.proto), and the verdict has neither',
    changes: (bundle) =>
      isRekorV2(bundle) || hasPromise(bundle)
        ? []
        : [
            `${ENTRY}.logIndex: the number`,
            `${ENTRY}.integratedTimeSeconds: the number`,
            ...numbers(`${ENTRY}.logIndex`),
            ...numbers(`${ENTRY}.integratedTime`),
          ],
  },
  {
    because:
      'lines of other keys under a checkpoint are to be ignored (C2SP signed-note); one that is no line makes the note malformed',
    changes: (bundle) =>
      otherLines(bundle).map((line) => `${ENTRY}.inclusionProof.checkpoint: a character of line ${line}`),
    partly: true,
  },
  {
    because:
      'an ECDSA signature can be turned into another one of the same words by the same key (s for n - s): the log has said it all the same',
    changes: (bundle) => [
      ...(hasPromise(bundle) ? [`${ENTRY}.inclusionPromise: s for n - s`] : []),
      ...(hasEcdsaLine(bundle) ? [`${ENTRY}.inclusionProof.checkpoint: s for n - s`] : []),
    ],
  },
  {
    because:
      'the promise is needed by nothing when the proof holds and another time is known, or none is needed (sigstore_rekor.proto)',
    changes: (bundle) =>
      hasPromise(bundle) &&
      hasProof(bundle) &&
      bundle.version !== '0.1' &&
      (hasTimestamp(bundle) || isManaged(bundle))
        ? [`${ENTRY}.inclusionPromise: removed`]
        : [],
    tellsOtherwise: true,
  },
  {
    because:
      'version 0.1 is content with the promise (sigstore_bundle.proto); a caller who is not asks for the proof',
    changes: (bundle) =>
      bundle.version === '0.1' && hasProof(bundle) ? [`${ENTRY}.inclusionProof: removed`] : [],
    tellsOtherwise: true,
  },
  {
    because:
      'a timestamp is needed by nothing when the promise has a time or none is needed; how many are wanted is an option',
    changes: (bundle) =>
      hasTimestamp(bundle) && (hasPromise(bundle) || isManaged(bundle))
        ? [`${DATA}: removed`, `${TIMESTAMPS}: removed`, `${TIMESTAMPS}: item 0 dropped`]
        : [],
    tellsOtherwise: true,
  },
];

function texts(field: string): string[] {
  return ['another text', 'another number', 'removed'].map((operation) => `${field}: ${operation}`);
}

function numbers(field: string): string[] {
  return ['another number', 'a JSON number', 'removed'].map((operation) => `${field}: ${operation}`);
}

function mediaTypesOf(bundle: Bundle): string[] {
  const { key } = bundle.verificationMaterial;
  const isChain = bundle.version !== '0.3' && key.kind === 'certificate';
  const isSingle = bundle.version === '0.3' && key.kind === 'certificate';
  return [
    ...(hasPromise(bundle) && !isSingle ? [`${PREFIX}+json;version=0.1`] : []),
    ...(hasProof(bundle) && !isSingle ? [`${PREFIX}+json;version=0.2`] : []),
    ...(hasProof(bundle) && !isChain ? [`${PREFIX}+json;version=0.3`, `${PREFIX}.v0.3+json`] : []),
  ].filter((mediaType) => mediaType !== bundle.mediaType);
}

/** Of intoto 0.0.1 the log has the envelope itself, as a digest. */
function logsKeyId(bundle: Bundle): boolean {
  const entry = entryOf(bundle);
  return entry?.kind === 'intoto' && entry.kindVersion === '0.0.1';
}

function authoritiesOf({ verificationMaterial: { key } }: Bundle): number[] {
  return key.kind === 'certificate' ? [...key.certificates.keys()].slice(1) : [];
}

/** Numbers of the signature lines that are not the log's, whose key hint is the start of its id. */
function otherLines(bundle: Bundle): number[] {
  return linesOf(bundle).flatMap(({ isOwn }, at) => (isOwn ? [] : [at + 1]));
}

function hasEcdsaLine(bundle: Bundle): boolean {
  return linesOf(bundle).some(({ signature }) => otherSignature(signature) !== undefined);
}

function linesOf(bundle: Bundle): { isOwn: boolean; signature: Uint8Array }[] {
  const { logId, inclusionProof } = entryOf(bundle) ?? {};
  if (logId === undefined || inclusionProof === undefined) return [];
  return parseSignedNote(inclusionProof.checkpoint).signatures.map(({ keyHint, signature }) => ({
    isOwn: equalBytes(keyHint, logId.subarray(0, 4)),
    signature,
  }));
}

function entryOf({
  verificationMaterial,
}: Bundle): Bundle['verificationMaterial']['tlogEntries'][number] | undefined {
  return verificationMaterial.tlogEntries[0];
}

function isRekorV2(bundle: Bundle): boolean {
  const entry = entryOf(bundle);
  return entry !== undefined && isRekorV2Kind(entry.kind, entry.kindVersion);
}

function hasPromise(bundle: Bundle): boolean {
  return entryOf(bundle)?.inclusionPromise !== undefined;
}

function hasProof(bundle: Bundle): boolean {
  return entryOf(bundle)?.inclusionProof !== undefined;
}

function hasTimestamp({ verificationMaterial }: Bundle): boolean {
  return verificationMaterial.rfc3161Timestamps.length > 0;
}

function isManaged({ verificationMaterial }: Bundle): boolean {
  return verificationMaterial.key.kind === 'publicKey';
}
