import { encodeUtf8 } from '@sigstead/encoding';
import {
  attestationTag,
  digestOf,
  DSSE_ENVELOPE,
  OCI_CONFIG,
  OCI_MANIFEST,
  signatureTag,
  SIMPLE_SIGNING,
  type LegacyAttestation,
  type LegacySignature,
} from '@sigstead/oci';
import type { Handler } from './web-server.ts';

/** A read-only OCI registry with one repository, `acme/app`; its content can be spoiled at will. */
export class SmallRegistry {
  /** By tag or digest. */
  readonly manifests = new Map<string, Uint8Array>();
  readonly blobs = new Map<string, Uint8Array>();
  /** Answers instead of the registry when it returns true. */
  intercept: (...of: Parameters<Handler>) => boolean = () => false;
  readonly requests: string[] = [];

  /** @returns digest of the manifest */
  addImage(tag: string): string {
    const manifest = {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: this.#blob(OCI_CONFIG, encodeUtf8(`{"${tag}":1}`)),
      layers: [],
    };
    return this.#manifest(tag, manifest);
  }

  addSignatures(imageDigest: string, signatures: readonly LegacySignature[]): string {
    return this.#layers(signatureTag(imageDigest), SIMPLE_SIGNING, signatures);
  }

  addAttestations(imageDigest: string, attestations: readonly LegacyAttestation[]): string {
    return this.#layers(attestationTag(imageDigest), DSSE_ENVELOPE, attestations);
  }

  #layers(tag: string, mediaType: string, all: readonly LegacySignature[]): string {
    const layers = all.map(({ payload, annotations }) => ({
      ...this.#blob(mediaType, payload),
      annotations,
    }));
    const manifest = {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: this.#blob(OCI_CONFIG, encodeUtf8('{}')),
      layers,
    };
    return this.#manifest(tag, manifest);
  }

  readonly handler: Handler = (request, response) => {
    this.requests.push(request.url ?? '');
    if (this.intercept(request, response)) return;
    const [, kind, name = ''] = /^\/v2\/acme\/app\/(manifests|blobs)\/(.+)$/.exec(request.url ?? '') ?? [];
    const content =
      kind === 'manifests' ? this.manifests.get(name) : kind === 'blobs' ? this.blobs.get(name) : undefined;
    if (content === undefined) {
      response.writeHead(404, { 'content-type': 'application/json' });
      response.end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"unknown"}]}');
      return;
    }
    response.writeHead(200, {
      'content-type': kind === 'manifests' ? OCI_MANIFEST : 'application/octet-stream',
    });
    response.end(content);
  };

  #blob(mediaType: string, bytes: Uint8Array): { mediaType: string; digest: string; size: number } {
    const digest = digestOf(bytes);
    this.blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  }

  #manifest(tag: string, manifest: object): string {
    const bytes = encodeUtf8(JSON.stringify(manifest));
    const digest = digestOf(bytes);
    this.manifests.set(tag, bytes);
    this.manifests.set(digest, bytes);
    return digest;
  }
}
