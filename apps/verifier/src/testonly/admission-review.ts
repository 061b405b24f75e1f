/** What an API server sends, with every field it fills in. */
export interface ReviewOptions {
  readonly kind?: { readonly group: string; readonly version: string; readonly kind: string };
  readonly resource?: { readonly group: string; readonly version: string; readonly resource: string };
  readonly subResource?: string;
  readonly operation?: string;
  readonly namespace?: string;
  readonly object?: unknown;
  readonly oldObject?: unknown;
  readonly dryRun?: boolean;
}

export const UID = '705ab4f5-6393-11e8-b7cc-42010a800002';

const POD_KIND = { group: '', version: 'v1', kind: 'Pod' };
const POD_RESOURCE = { group: '', version: 'v1', resource: 'pods' };

/** An AdmissionReview of admission.k8s.io/v1, for the creation of a pod unless told. */
export function admissionReview(options: ReviewOptions = {}): Record<string, unknown> {
  const { kind = POD_KIND, resource = POD_RESOURCE, namespace = 'shop', operation = 'CREATE' } = options;
  return {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid: UID,
      kind,
      resource,
      ...(options.subResource === undefined ? {} : { subResource: options.subResource }),
      requestKind: kind,
      requestResource: resource,
      name: 'web',
      namespace,
      operation,
      userInfo: {
        username: 'system:serviceaccount:kube-system:replicaset-controller',
        uid: 'a7e0ab33-5f29-11e8-8a3c-36e6bb280816',
        groups: ['system:serviceaccounts', 'system:authenticated'],
      },
      object: options.object ?? null,
      oldObject: options.oldObject ?? null,
      dryRun: options.dryRun ?? false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1', fieldManager: 'kubectl-create' },
    },
  };
}

/** A pod as `kubectl run` makes it. */
export function pod(...images: readonly string[]): Record<string, unknown> {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'shop', labels: { app: 'web' } },
    spec: podSpec(...images),
  };
}

export function podSpec(...images: readonly string[]): Record<string, unknown> {
  return {
    containers: images.map((image, at) => ({
      name: `app-${at}`,
      image,
      imagePullPolicy: 'Always',
      resources: {},
      terminationMessagePath: '/dev/termination-log',
    })),
    restartPolicy: 'Always',
    dnsPolicy: 'ClusterFirst',
    serviceAccountName: 'default',
  };
}

export interface AdmissionAnswer {
  readonly allowed: boolean;
  readonly message: string;
  readonly warnings: readonly string[];
  readonly audit: Readonly<Record<string, string>>;
}

/** Sends a review and reads the answer as an API server does: anything but a matching AdmissionReview is a failure. */
export async function review(url: string, body: unknown, query = '?timeout=10s'): Promise<AdmissionAnswer> {
  const response = await fetch(`${url}/admission/validate${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (response.status !== 200) throw new Error(`answered ${response.status}: ${await response.text()}`);
  const answer = (await response.json()) as {
    apiVersion: string;
    kind: string;
    response: {
      uid: string;
      allowed: boolean;
      status?: { code: number; message: string };
      warnings?: string[];
      auditAnnotations?: Record<string, string>;
    };
  };
  const { uid, allowed, status, warnings = [], auditAnnotations = {} } = answer.response;
  if (answer.apiVersion !== 'admission.k8s.io/v1' || answer.kind !== 'AdmissionReview' || uid !== UID) {
    throw new Error(`not the answer to this review: ${JSON.stringify(answer)}`);
  }
  if (allowed === (status !== undefined)) throw new Error('a status is for refusals');
  if (status !== undefined && status.code !== 403) throw new Error(`refused with ${status.code}`);
  return { allowed, message: status?.message ?? '', warnings, audit: auditAnnotations };
}
