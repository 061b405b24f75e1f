import { CliError, exitCodes } from '../../cli-error.ts';
import { assertToken } from '../token-text.ts';
import { AUDIENCE, type AmbientProvider } from './ambient-provider.ts';
import { decodeJwtSvids, encodeJwtSvidRequest } from './workload-api-messages.ts';

/** Where SPIRE's agent listens unless told otherwise. */
const DEFAULT_SOCKET = '/tmp/spire-agent/public/api.sock';
const TIMEOUT_MS = 30_000;

/**
 * A JWT-SVID of the workload API (SPIFFE Workload API section 6). Anybody on a machine may put a socket into /tmp: the usual place
 * counts only for those who ask for SPIFFE by name.
 */
export const spiffe: AmbientProvider = {
  name: 'spiffe',
  isPresent: ({ environment }) => Boolean(environment['SPIFFE_ENDPOINT_SOCKET']),
  requestToken: async ({ environment }) => {
    const path = socketPath(environment['SPIFFE_ENDPOINT_SOCKET'] || DEFAULT_SOCKET);
    const [svid] = decodeJwtSvids(await fetchJwtSvid(path));
    if (svid === undefined) throw new CliError('the SPIFFE workload API gives no identity to this process');
    return assertToken(svid, 'the answer of the SPIFFE workload API');
  },
};

/** cosign takes a path; SPIFFE's specification a URI. */
function socketPath(socket: string): string {
  const path = socket.replace(/^unix:(?:\/\/)?/, '');
  if (path.startsWith('/')) return path;
  throw new CliError('SPIFFE_ENDPOINT_SOCKET is no path of a socket', exitCodes.usage);
}

async function fetchJwtSvid(path: string): Promise<Uint8Array> {
  const { Client, credentials, Metadata } = await import('@grpc/grpc-js');
  const client = new Client(`unix:${path}`, credentials.createInsecure(), {
    'grpc.max_receive_message_length': 256 * 1024,
    'grpc.enable_retries': 0,
  });
  const metadata = new Metadata();
  // Keeps requests out that somebody else was made to send (section 5.2.2).
  metadata.set('workload.spiffe.io', 'true');
  try {
    return await new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        '/SpiffeWorkloadAPI/FetchJWTSVID',
        (message: Uint8Array) => Buffer.from(message),
        (bytes: Buffer) => new Uint8Array(bytes),
        encodeJwtSvidRequest(AUDIENCE),
        metadata,
        { deadline: Date.now() + TIMEOUT_MS },
        (error, message) => {
          if (error === null && message !== undefined) resolve(message);
          else
            reject(
              new CliError(
                `the SPIFFE workload API at ${path} gives no token: ${error?.details ?? 'no answer'}`,
              ),
            );
        },
      );
    });
  } finally {
    client.close();
  }
}
