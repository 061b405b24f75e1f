import { readFile } from 'node:fs/promises';
import type { IssuerAccess } from '@sigstead/oidc';
import { IssuerAccessError } from './errors.ts';

/** How a pod reaches the issuer of its own cluster. */
export interface KubernetesAccess {
  /** The API server, character for character as its tokens name it. */
  readonly issuerUrls: readonly string[];
  /** The cluster's CA; the first file that exists counts. */
  readonly caFiles: readonly string[];
  /** The pod's own token: discovery is not public in most clusters. */
  readonly tokenFile: string;
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Fulcio's places, and where every pod finds the same. */
export const IN_CLUSTER: KubernetesAccess = {
  issuerUrls: ['https://kubernetes.default.svc', 'https://kubernetes.default.svc.cluster.local'],
  caFiles: ['/var/run/fulcio/ca.crt', `${SERVICE_ACCOUNT}/ca.crt`],
  tokenFile: `${SERVICE_ACCOUNT}/token`,
};

export interface ClusterCredentials {
  readonly caCertificates: string;
  /** Only for an address on the API server's own origin. */
  readonly bearer: string | undefined;
}

const MAX_TOKEN_LENGTH = 16 * 1024;

/**
 * What to dial with when the issuer is the cluster's own; nothing for every other issuer. Both files are read each time:
 * the cluster renews them while the pod runs.
 *
 * The pod's token goes to the API server and nowhere else (CVE-2026-49478): not to an address that discovery names on
 * another host or port, and not for another issuer whose documents point at the API server.
 *
 * @throws IssuerAccessError CLUSTER_CA or CLUSTER_TOKEN
 */
export async function clusterCredentials(
  url: URL,
  { issuerUrl }: IssuerAccess,
  kubernetes: KubernetesAccess,
): Promise<ClusterCredentials | undefined> {
  if (!kubernetes.issuerUrls.includes(issuerUrl)) return undefined;
  const caCertificates = await readClusterCa(kubernetes.caFiles);
  const isApiServer = url.origin === new URL(issuerUrl).origin && url.protocol === 'https:';
  return { caCertificates, bearer: isApiServer ? await readToken(kubernetes.tokenFile) : undefined };
}

async function readClusterCa(files: readonly string[]): Promise<string> {
  for (const file of files) {
    const text = await readIfThere(file, 'CLUSTER_CA');
    if (text !== undefined) return text;
  }
  throw new IssuerAccessError('CLUSTER_CA', `no CA of the Kubernetes cluster at ${files.join(' or ')}`);
}

/** A cluster may publish its discovery to everybody: then no token is mounted, and none is missed. */
async function readToken(file: string): Promise<string | undefined> {
  const token = (await readIfThere(file, 'CLUSTER_TOKEN'))?.trim();
  if (token === undefined || (token.length <= MAX_TOKEN_LENGTH && /^[\x21-\x7e]+$/.test(token))) return token;
  throw new IssuerAccessError('CLUSTER_TOKEN', `${file} holds no token`);
}

async function readIfThere(file: string, code: 'CLUSTER_CA' | 'CLUSTER_TOKEN'): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new IssuerAccessError(code, `${file} cannot be read`, { cause });
  }
}
