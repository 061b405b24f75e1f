import { IDENTITY, ISSUER } from './small-sigstore.ts';

export const TOKEN = 'a-token-of-a-policy-administrator';

/** What the API answers, whatever it is. */
export interface PolicyApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON. */
  readonly body: Record<string, unknown>;
}

export interface PolicyRequest {
  readonly method?: string;
  readonly body?: unknown;
  /** None with `null`. */
  readonly token?: string | null;
  readonly headers?: Record<string, string>;
}

/** Speaks to `/api/v1/policies` and its neighbours as an administrator. */
export async function callPolicies(
  url: string,
  path: string,
  request: PolicyRequest = {},
): Promise<PolicyApiAnswer> {
  const { method = 'GET', body, token = TOKEN, headers = {} } = request;
  const response = await fetch(`${url}/api/v1/${path}`, {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  };
}

/** A policy that takes what the stage signs. */
export function policyDocument(name: string, spec: object = {}): Record<string, unknown> {
  return {
    apiVersion: 'sigstead.dev/v1',
    kind: 'ImagePolicy',
    metadata: { name },
    spec: {
      images: ['**'],
      signers: [{ name: 'release', identity: IDENTITY, issuer: ISSUER }],
      ...spec,
    },
  };
}

/** Stores a policy, whatever was there. */
export async function storePolicy(url: string, name: string, spec: object = {}): Promise<void> {
  await mustStore(url, `policies/${name}`, policyDocument(name, spec));
}

/** Binds policies to a namespace, whatever was bound to it. */
export async function bindPolicies(url: string, namespace: string, ...policies: string[]): Promise<void> {
  await mustStore(url, `policy-bindings/${namespace}`, { policies });
}

async function mustStore(url: string, path: string, body: unknown): Promise<void> {
  const present = await callPolicies(url, path);
  const headers: Record<string, string> = present.status === 200 ? { 'if-match': '*' } : {};
  const { status, body: answer } = await callPolicies(url, path, { method: 'PUT', body, headers });
  if (status !== 200 && status !== 201) throw new Error(`PUT ${path}: ${status} ${JSON.stringify(answer)}`);
}
