import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  openCeremony,
  readCeremony,
  renderTrustFiles,
  writeDurably,
  type Ceremony,
} from '@sigstead/ceremony';
import type { Home } from './home.ts';

/** The host in the log's origin: fixed, whatever address or port the stack has. */
const LOG_HOST = 'localhost';

/** Keys and certificates of this state folder, made on first use. */
export async function openKeys(home: Home, now: Date): Promise<Ceremony> {
  // The ceremony comes before the database. New keys for an old log would only destroy what is left of the old ones.
  if (existsSync(join(home.postgres, 'initialised')) && (await readCeremony(home.root)) === undefined) {
    throw new Error(
      `${home.root} has a database, but the record of its keys (ceremony.json) is gone: ` +
        'put it back, or delete the whole folder to begin anew',
    );
  }
  const plan = { organization: 'sigstead', logHost: LOG_HOST, ctShard: String(now.getUTCFullYear()) };
  const { ceremony } = await openCeremony(home.root, plan, {
    now,
    randomBytes: (length) => new Uint8Array(randomBytes(length)),
  });
  return ceremony;
}

export interface StackUrls {
  readonly publicUrl: string;
  /** By which the services reach each other. */
  readonly internalUrl: string;
  readonly tlsUrl: string;
}

/** What follows the port: trust files and the list of issuers, written anew at every start. */
export async function writeAddresses(
  home: Home,
  ceremony: Ceremony,
  { publicUrl, internalUrl, tlsUrl }: StackUrls,
): Promise<void> {
  const issuers = ['github', 'email'].map((name) => ({ name, url: `${publicUrl}/issuers/${name}` }));
  const rendered = (url: string) =>
    renderTrustFiles(ceremony, {
      certificateAuthority: url,
      transparencyLog: url,
      timestampAuthority: url,
      // Never those of TLS: their URL is in every token.
      issuers: issuers.map((issuer) => issuer.url),
    });
  const overTls = rendered(tlsUrl);
  const files = {
    ...rendered(publicUrl),
    // For clients that want TLS, or gRPC from the certificate authority; what they trust is the same.
    'signing_config_tls.v0.2.json': overTls['signing_config.v0.2.json'] as string,
    'signing_config_rekor_v2_tls.v0.2.json': overTls['signing_config_rekor_v2.v0.2.json'] as string,
  };
  for (const [name, content] of Object.entries(files)) await writeDurably(join(home.trust, name), content);
  const configuration = issuers.flatMap(({ name, url }) => [
    `  ${url}:`,
    `    client-id: sigstore`,
    name === 'github' ? '    preset: github' : '    type: email',
    `    discovery-url: ${internalUrl}/issuers/${name}`,
  ]);
  await writeDurably(
    join(home.certificateAuthority, 'issuers.yaml'),
    `${['oidc-issuers:', ...configuration].join('\n')}\n`,
  );
}
