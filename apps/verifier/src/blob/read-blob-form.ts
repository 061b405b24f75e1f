import type { IncomingMessage } from 'node:http';
import { performance } from 'node:perf_hooks';
import type { Readable } from 'node:stream';
import { Busboy, type BusboyInstance } from '@fastify/busboy';
import { BodyPieces, HttpProblem, UploadPace } from '@sigstead/server';
import type { Artifact } from '@sigstead/verification';
import { BlobDigests } from './blob-digests.ts';

/** Parts of the form, each given once. */
export interface BlobForm {
  readonly artifact: Artifact;
  /** JSON of the Sigstore bundle. */
  readonly bundle: string;
  /** JSON of the policy. */
  readonly policy: string;
}

export interface BlobFormLimits {
  readonly maxBlobBytes: number;
  /** Without a byte for so long the upload is given up. */
  readonly idleMs: number;
}

const MAX_BUNDLE_BYTES = 4 * 1024 * 1024;
const MAX_POLICY_BYTES = 64 * 1024;
const MAX_PARTS = 8;
const TEXTS = { bundle: MAX_BUNDLE_BYTES, policy: MAX_POLICY_BYTES } as const;

type TextName = keyof typeof TEXTS;

/**
 * Reads `multipart/form-data` with the parts `bundle`, `policy` and `blob`, in any order, as fields or files. The blob is hashed as it
 * comes and never kept whole.
 *
 * @param contentType of the request, as the client sent it
 * @throws HttpProblem 400, 408, 413 or 415, naming the part at fault
 */
export async function readBlobForm(
  request: IncomingMessage,
  contentType: string | undefined,
  limits: BlobFormLimits,
): Promise<BlobForm> {
  if (!/^multipart\/form-data\s*;/i.test(contentType ?? '')) {
    throw new HttpProblem(415, 'want multipart/form-data with the parts bundle, policy and blob', {
      type: 'unsupported-media-type',
    });
  }
  const form = new FormParts(limits);
  const parser = openParser(contentType ?? '');
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    let settled = false;
    const finish = (settle: () => void): void => {
      settled = true;
      clearTimeout(timer);
      request.unpipe(parser);
      // What is still under way is not read: the answer closes the connection.
      parser.removeAllListeners().on('error', () => undefined);
      settle();
    };
    const fail = (error: unknown): void => finish(() => reject(error));
    const watch = (): void => {
      clearTimeout(timer);
      timer = setTimeout(
        () => fail(problem(408, 'blob', `nothing came for ${limits.idleMs} ms`)),
        limits.idleMs,
      );
    };
    const pieces = new BodyPieces();
    const pace = new UploadPace();
    const start = performance.now();
    watch();
    request.on('data', (piece: Buffer) => {
      if (settled) return;
      watch();
      try {
        pieces.add(piece);
        pace.add(piece.length, performance.now() - start);
      } catch (error) {
        fail(error);
      }
    });
    request.on('aborted', () => fail(problem(400, 'blob', 'the upload was broken off')));
    parser.on('field', (name, value, _nameTruncated, valueTruncated) => {
      try {
        form.addText(name, value, valueTruncated);
      } catch (error) {
        fail(error);
      }
    });
    parser.on('file', (name, stream) => form.addStream(name, stream, fail));
    parser.on('partsLimit', () => fail(problem(400, '', `the form has more than ${MAX_PARTS} parts`)));
    parser.on('error', (cause) =>
      fail(new HttpProblem(400, 'the body is no multipart/form-data', { type: 'malformed-form', cause })),
    );
    parser.on('finish', () => {
      try {
        const done = form.finish();
        finish(() => resolve(done));
      } catch (error) {
        fail(error);
      }
    });
    request.pipe(parser);
  });
}

function openParser(contentType: string): BusboyInstance {
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      limits: { fieldSize: MAX_BUNDLE_BYTES + 1, fieldNameSize: 64, parts: MAX_PARTS, headerPairs: 16 },
    });
  } catch (cause) {
    throw new HttpProblem(400, 'the multipart/form-data has no usable boundary', {
      type: 'malformed-form',
      cause,
    });
  }
}

/** What has come so far. */
class FormParts {
  readonly #limits: BlobFormLimits;
  readonly #texts = new Map<TextName, string>();
  #blob: BlobDigests | undefined;

  constructor(limits: BlobFormLimits) {
    this.#limits = limits;
  }

  addText(name: string, value: string, truncated = false): void {
    if (!isTextName(name)) {
      throw problem(
        400,
        name.slice(0, 64),
        name === 'blob' ? 'want a file, as curl -F blob=@file sends it' : 'is not a part of this form',
      );
    }
    if (this.#texts.has(name)) throw problem(400, name, 'is given twice');
    if (truncated || Buffer.byteLength(value) > TEXTS[name])
      throw problem(413, name, `has more than ${TEXTS[name]} bytes`);
    this.#texts.set(name, value);
  }

  addStream(name: string, stream: Readable, fail: (error: unknown) => void): void {
    stream.on('error', () => undefined);
    if (name === 'blob') return this.#addBlob(stream, fail);
    const chunks: Buffer[] = [];
    let size = 0;
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_BUNDLE_BYTES) chunks.push(chunk);
      else fail(problem(413, name.slice(0, 64), `has more than ${MAX_BUNDLE_BYTES} bytes`));
    });
    stream.on('end', () => {
      try {
        this.addText(name, Buffer.concat(chunks).toString('utf8'));
      } catch (error) {
        fail(error);
      }
    });
  }

  #addBlob(stream: Readable, fail: (error: unknown) => void): void {
    if (this.#blob !== undefined) return fail(problem(400, 'blob', 'is given twice'));
    const blob = new BlobDigests();
    this.#blob = blob;
    stream.on('data', (chunk: Buffer) => {
      if (blob.size + chunk.length > this.#limits.maxBlobBytes)
        return fail(problem(413, 'blob', `has more than ${this.#limits.maxBlobBytes} bytes`));
      blob.update(chunk);
    });
  }

  finish(): BlobForm {
    const bundle = this.#texts.get('bundle');
    const policy = this.#texts.get('policy');
    if (bundle === undefined) throw problem(400, 'bundle', 'is required');
    if (policy === undefined) throw problem(400, 'policy', 'is required');
    if (this.#blob === undefined) throw problem(400, 'blob', 'is required');
    return { artifact: this.#blob.artifact(), bundle, policy };
  }
}

function isTextName(name: string): name is TextName {
  return Object.hasOwn(TEXTS, name);
}

function problem(status: number, field: string, message: string): HttpProblem {
  return new HttpProblem(status, field === '' ? message : `${field}: ${message}`, {
    type: status === 413 ? 'too-large' : 'invalid-request',
    ...(field === '' ? {} : { field }),
  });
}
