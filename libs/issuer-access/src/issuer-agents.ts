import { createHash, X509Certificate } from 'node:crypto';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import * as tls from 'node:tls';
import type { Agents } from '@sigstead/dial';
import { IssuerAccessError } from './errors.ts';

/** Trust in TLS: the system's roots, the system's roots and these, or these alone. */
export type Trust =
  { readonly kind: 'system' } | { readonly kind: 'system-and' | 'only'; readonly caCertificates: string };

const CONNECTIONS_PER_ORIGIN = 4;

/**
 * Agents with their connections, by what they trust. A connection is only ever used again under the very trust it was
 * made with: the CA of one issuer counts for nobody else.
 */
export class IssuerAgents {
  readonly #maxAgents: number;
  /** In order of use, the latest last. */
  readonly #agents = new Map<string, Agents>();

  /** @param maxAgents kept, one for each set of trusted certificates; the one unused for longest gives way */
  constructor(maxAgents: number) {
    this.#maxAgents = maxAgents;
  }

  get size(): number {
    return this.#agents.size;
  }

  /** @throws IssuerAccessError CERTIFICATES */
  agentsFor(trust: Trust): Agents {
    const key = keyOf(trust);
    const agents = this.#agents.get(key) ?? createAgents(trust);
    this.#agents.delete(key);
    this.#agents.set(key, agents);
    for (const oldest of this.#agents.keys()) {
      if (this.#agents.size <= this.#maxAgents) break;
      // What it has under way still ends well, and its idle connections end by themselves.
      this.#agents.delete(oldest);
    }
    return agents;
  }

  close(): void {
    for (const { http, https } of this.#agents.values()) {
      http.destroy();
      https.destroy();
    }
    this.#agents.clear();
  }
}

function createAgents(trust: Trust): Agents {
  const options = { keepAlive: true, maxSockets: CONNECTIONS_PER_ORIGIN };
  return {
    http: new HttpAgent(options),
    https: new HttpsAgent({
      ...options,
      ...(trust.kind === 'system' ? {} : { secureContext: secureContextFor(trust) }),
    }),
  };
}

function keyOf(trust: Trust): string {
  if (trust.kind === 'system') return trust.kind;
  return `${trust.kind} ${createHash('sha256').update(trust.caCertificates).digest('hex')}`;
}

/** Made once: reading all the system's roots again for every connection would take longer than the connection. */
function secureContextFor({ kind, caCertificates }: Exclude<Trust, { kind: 'system' }>): tls.SecureContext {
  const own = readCertificates(caCertificates);
  return tls.createSecureContext({ ca: kind === 'only' ? own : [...systemRoots(), ...own] });
}

const CERTIFICATE_BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** OpenSSL passes over what it cannot read without a word: a trust that is not there would show as an untrusted issuer. */
function readCertificates(pem: string): string[] {
  const blocks = pem.match(CERTIFICATE_BLOCK) ?? [];
  if (blocks.length === 0) throw new IssuerAccessError('CERTIFICATES', 'no CA certificate in the PEM text');
  try {
    return blocks.map((block) => new X509Certificate(block).toString());
  } catch (cause) {
    throw new IssuerAccessError('CERTIFICATES', 'a CA certificate cannot be read', { cause });
  }
}

/** Naming any CA replaces Node's own choice, so that is named too. Before Node 22.15 it can only be had without NODE_EXTRA_CA_CERTS. */
function systemRoots(): readonly string[] {
  const { getCACertificates } = tls as { getCACertificates?: (kind: 'default') => readonly string[] };
  return getCACertificates?.('default') ?? tls.rootCertificates;
}
