import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PrivateKeySigner } from '@sigstead/crypto';
import { concatBytes, decodeBase64, encodeBase64, tlsU8, tlsVector16 } from '@sigstead/encoding';
import {
  Certificate,
  precertificateTbs,
  SCT_HASH_SHA256,
  SCT_SIGNATURE_ECDSA,
  sctSignatureInput,
} from '@sigstead/x509';

/** As static logs send them: leaf index 7. They must reach the certificate unchanged. */
const EXTENSIONS = Uint8Array.of(0, 0, 5, 0, 0, 0, 0, 7);

/** The one call of a certificate transparency log that Fulcio makes (RFC 6962 section 4.2). It promises and keeps nothing. */
export class CertificateLog {
  readonly signer = PrivateKeySigner.generate('P-256');
  /** The precertificate shown last. */
  precertificate: Certificate | undefined;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#addPreChain(request, response).catch(() => response.writeHead(400).end());
    });
  }

  static async start(): Promise<CertificateLog> {
    const log = new CertificateLog();
    log.#server.listen(0, '127.0.0.1');
    await once(log.#server, 'listening');
    return log;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/golden`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #addPreChain(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const part of request as AsyncIterable<Uint8Array>) parts.push(part);
    const { chain } = JSON.parse(Buffer.concat(parts).toString()) as { chain: string[] };
    const [precertificate, issuer] = chain.map((text) => Certificate.parse(decodeBase64(text)));
    if (precertificate === undefined || issuer === undefined) throw new Error('the chain is too short');
    this.precertificate = precertificate;
    const timestampMs = BigInt(Date.now());
    const signature = await this.signer.sign(
      sctSignatureInput({
        timestampMs,
        issuerKeyHash: issuer.spkiHash,
        tbs: precertificateTbs(precertificate, 'precertificate'),
        extensions: EXTENSIONS,
      }),
    );
    const answer = {
      sct_version: 0,
      id: encodeBase64(this.signer.publicKey.keyId),
      timestamp: Number(timestampMs),
      extensions: encodeBase64(EXTENSIONS),
      signature: encodeBase64(
        concatBytes(tlsU8(SCT_HASH_SHA256), tlsU8(SCT_SIGNATURE_ECDSA), tlsVector16(signature)),
      ),
    };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  }
}
