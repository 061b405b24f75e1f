/** What went wrong, by the codes of Node, OpenSSL, Node's own `fetch` and `@sigstead/issuer-access`. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^ENOTFOUND$/, 'the name does not resolve'],
  [/^EAI_/, 'the name server gives no answer'],
  [/^ECONNREFUSED$/, 'the connection is refused'],
  [/^(EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL)$/, 'there is no route to the host'],
  [/^(ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/, 'no connection in time'],
  [/^UND_ERR_(HEADERS|BODY)_TIMEOUT$/, 'no complete answer in time'],
  [/^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/, 'the connection was closed before the answer was complete'],
  [
    /^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_.*|CERT_UNTRUSTED|INVALID_CA)$/,
    'its TLS certificate comes from a CA that is not trusted',
  ],
  [/^CERT_HAS_EXPIRED$/, 'its TLS certificate has expired'],
  [/^CERT_NOT_YET_VALID$/, 'its TLS certificate is not yet valid'],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, 'its TLS certificate is for another name'],
  [/^(EPROTO|ERR_SSL_.*)$/, 'it does not speak TLS as wanted'],
  [/^HPE_/, 'it does not speak HTTP'],
  [/^CERTIFICATES$/, 'the CA certificates configured for it cannot be read'],
  [/^CLUSTER_CA$/, 'the CA of the Kubernetes cluster cannot be read'],
  [/^CLUSTER_TOKEN$/, "the pod's token cannot be read"],
];

const MAX_CAUSES = 8;

/**
 * Why a `fetch` failed, fit for a caller: the kind of failure and its code, no address and nothing the other side wrote.
 * A text such as `the connection is refused (ECONNREFUSED)`.
 */
export function unreachableReason(error: unknown): string {
  const code = codeOf(error);
  if (code === undefined) return 'could not be reached';
  const reason = REASONS.find(([pattern]) => pattern.test(code))?.[1];
  return reason === undefined
    ? `could not be reached (${code})`
    : `could not be reached: ${reason} (${code})`;
}

/** The first code along the causes. */
function codeOf(error: unknown): string | undefined {
  let inner = error as { readonly code?: unknown; readonly cause?: unknown } | null | undefined;
  for (let depth = 0; depth < MAX_CAUSES && typeof inner === 'object' && inner !== null; depth++) {
    if (typeof inner.code === 'string' && /^[A-Z][A-Z0-9_]{1,63}$/.test(inner.code)) return inner.code;
    inner = inner.cause as typeof inner;
  }
  return undefined;
}
