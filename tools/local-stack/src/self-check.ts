import { encodeUtf8, isJsonObject, parseJson, type JsonObject } from '@sigstead/encoding';
import { OCI_CONFIG, OCI_MANIFEST, RegistryClient, digestOf, parseImageReference } from '@sigstead/oci';
import { tarLayer } from './tar-layer.ts';

export class SelfCheckError extends Error {
  override readonly name = 'SelfCheckError';
}

export interface SelfCheckResult {
  readonly image: string;
  readonly digest: string;
  /** Chain of trust as the verifier tells it, several lines. */
  readonly report: string;
}

const REPOSITORY = 'sigstead/self-check';
const MAX_ANSWER_BYTES = 1024 * 1024;

/**
 * The whole way once, over HTTP, as a user would go it: push an image, sign it keyless, verify it. The image is a new
 * one each time, a few hundred bytes: one image signed at every start would collect signatures without end.
 *
 * @param now what makes the image new
 * @throws SelfCheckError naming the station and its reason
 */
export async function selfCheck(publicUrl: string, now: Date): Promise<SelfCheckResult> {
  const host = new URL(publicUrl).host;
  const image = `${host}/${REPOSITORY}:latest`;
  await station('pushing an image', () => pushSmallImage(image, now));
  const token = await station('asking the development issuer for a token', async () => {
    const { value } = await post(`${publicUrl}/issuers/github/token`, {});
    if (typeof value !== 'string') throw new Error('the answer has no token');
    return value;
  });
  const signed = await station('signing', () => post(`${publicUrl}/api/v1/sign`, { image }, token));
  const certificate = isJsonObject(signed['certificate']) ? signed['certificate'] : {};
  const policy = { identity: certificate['identity'] ?? '', issuer: `${publicUrl}/issuers/github` };
  const verdict = await station('verifying', () => post(`${publicUrl}/api/v1/verify`, { image, policy }));
  if (verdict['verified'] !== true) {
    throw new SelfCheckError(`the image just signed does not verify:\n${String(verdict['text'])}`);
  }
  return { image, digest: String(verdict['digest']), report: String(verdict['text']) };
}

async function pushSmallImage(image: string, now: Date): Promise<void> {
  const client = new RegistryClient({ fetch, timeoutMs: 10_000 });
  const reference = parseImageReference(image);
  const layer = tarLayer('hello.txt', encodeUtf8(`hello from sigstead, ${now.toISOString()}\n`));
  const config = encodeUtf8(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diff_ids: [digestOf(layer.archive)] },
    }),
  );
  const descriptor = async (mediaType: string, bytes: Uint8Array) => ({
    mediaType,
    digest: await client.pushBlob(reference, bytes),
    size: bytes.length,
  });
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: await descriptor(OCI_CONFIG, config),
    layers: [await descriptor('application/vnd.oci.image.layer.v1.tar+gzip', layer.compressed)],
  };
  await client.pushManifest(reference, 'latest', OCI_MANIFEST, encodeUtf8(JSON.stringify(manifest)));
}

async function station<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof SelfCheckError) throw cause;
    throw new SelfCheckError(`${what}: ${cause instanceof Error ? cause.message : 'failed'}`, { cause });
  }
}

async function post(url: string, body: JsonObject, token?: string): Promise<JsonObject> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  });
  const answer = parseJson(new Uint8Array(await response.arrayBuffer()), { maxBytes: MAX_ANSWER_BYTES });
  if (!isJsonObject(answer)) throw new Error(`status ${response.status}, want a JSON object`);
  if (!response.ok)
    throw new Error(String(answer['detail'] ?? answer['message'] ?? `status ${response.status}`));
  return answer;
}
