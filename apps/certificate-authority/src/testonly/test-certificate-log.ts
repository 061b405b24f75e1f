import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PrivateKeySigner } from '@sigstead/crypto';
import { concatBytes, decodeBase64, encodeBase64, tlsU8, tlsVector16 } from '@sigstead/encoding';
import { Certificate, precertificateTbs, sctSignatureInput } from '@sigstead/x509';

/** Extensions of a static log: leaf index 7. They must reach the certificate unchanged. */
export const LOG_EXTENSIONS = Uint8Array.of(0, 0, 5, 0, 0, 0, 0, 7);

/** A foreign certificate transparency log over real HTTP: reads the precertificate and signs the timestamp of RFC 6962. */
export class TestCertificateLog {
  readonly signer = PrivateKeySigner.generate('P-256');
  /** Signs instead of the announced key. */
  impostor: PrivateKeySigner | undefined;
  /** Answers in place of the log. */
  answer: ((response: ServerResponse) => void) | undefined;
  readonly chains: Certificate[][] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#handle(request, response));
  }

  static async start(): Promise<TestCertificateLog> {
    const log = new TestCertificateLog();
    log.#server.listen(0, '127.0.0.1');
    await once(log.#server, 'listening');
    return log;
  }

  /** With a path before `/ct/v1`, as shards have. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/shard`;
  }

  reset(): void {
    this.chains.length = 0;
    this.answer = undefined;
    this.impostor = undefined;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const part of request as AsyncIterable<Uint8Array>) parts.push(part);
    if (this.answer !== undefined) return this.answer(response);
    if (request.method !== 'POST' || request.url !== '/shard/ct/v1/add-pre-chain')
      return void response.writeHead(404).end();
    const { chain } = JSON.parse(Buffer.concat(parts).toString()) as { chain: string[] };
    const certificates = chain.map((base64) => Certificate.parse(decodeBase64(base64)));
    this.chains.push(certificates);
    response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify(await this.#timestamp(certificates)));
  }

  async #timestamp([precertificate, issuer]: Certificate[]): Promise<object> {
    if (precertificate === undefined || issuer === undefined) throw new Error('chain is too short');
    const timestampMs = 1_772_366_400_123n;
    const tbs = precertificateTbs(precertificate, 'precertificate');
    const input = sctSignatureInput({
      timestampMs,
      issuerKeyHash: issuer.spkiHash,
      tbs,
      extensions: LOG_EXTENSIONS,
    });
    const signature = await (this.impostor ?? this.signer).sign(input);
    return {
      sct_version: 0,
      id: encodeBase64(this.signer.publicKey.keyId),
      timestamp: Number(timestampMs),
      extensions: encodeBase64(LOG_EXTENSIONS),
      signature: encodeBase64(concatBytes(tlsU8(4), tlsU8(3), tlsVector16(signature))),
    };
  }
}
