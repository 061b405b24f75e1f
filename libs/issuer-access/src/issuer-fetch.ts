import { dial } from '@sigstead/dial';
import type { IssuerAccess, IssuerFetch } from '@sigstead/oidc';
import { IssuerAccessError } from './errors.ts';
import { IssuerAgents, type Trust } from './issuer-agents.ts';
import {
  clusterCredentials,
  IN_CLUSTER,
  type ClusterCredentials,
  type KubernetesAccess,
} from './kubernetes.ts';

export interface IssuerFetchOptions {
  readonly kubernetes?: Partial<KubernetesAccess>;
}

/** Dials issuers until it is closed. */
export type OwnedIssuerFetch = IssuerFetch & { close(): void };

const MAX_AGENTS = 64;

/**
 * Dials issuers, each with the certificates its configuration trusts, as Fulcio does (`pkg/config/config.go`): the
 * issuer's CA counts beside the system's roots, and for this issuer only. Redirects are never followed: a 3xx answer is
 * the answer. How much of a body is read is the caller's bound.
 *
 * The issuer of the own Kubernetes cluster is dialled with the cluster's CA alone and the pod's token, see {@link clusterCredentials}.
 *
 * @throws IssuerAccessError when nothing was dialled; else what `fetch` throws
 */
export function createIssuerFetch(options: IssuerFetchOptions = {}): OwnedIssuerFetch {
  const cluster = { ...IN_CLUSTER, ...options.kubernetes };
  const agents = new IssuerAgents(MAX_AGENTS);
  let closed = false;
  const issuerFetch: IssuerFetch = async (url, init, access) => {
    const credentials = await clusterCredentials(new URL(url), access, cluster);
    if (closed) throw new IssuerAccessError('CLOSED', 'issuers are no longer dialled');
    const headers = {
      ...(init.headers as Record<string, string>),
      ...(credentials?.bearer === undefined ? {} : { authorization: `Bearer ${credentials.bearer}` }),
    };
    return dial(url, { ...init, headers }, { agents: agents.agentsFor(trustOf(access, credentials)) });
  };
  return Object.assign(issuerFetch, {
    close: () => {
      closed = true;
      agents.close();
    },
  });
}

/** No public CA vouches for the name of an API server: where the pod's token goes, the cluster's CA has the only say. */
function trustOf(access: IssuerAccess, credentials: ClusterCredentials | undefined): Trust {
  if (credentials !== undefined) return { kind: 'only', caCertificates: credentials.caCertificates };
  if (access.caCertificates === undefined) return { kind: 'system' };
  return { kind: 'system-and', caCertificates: access.caCertificates };
}
