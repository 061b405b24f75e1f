import { parseVerifierKey } from '@sigstead/tlog';
import { WitnessServer } from './witness-server.ts';

/** A witness in a process of its own, for measuring. Its argument is the vkey of the log; it prints its line of a policy. */
const key = parseVerifierKey(process.argv[2] ?? '');
if (!('verify' in key)) throw new Error(`checkpoints with ${key.algorithm} signatures cannot be verified`);
const witness = await WitnessServer.start('witness.example', [key]);
process.stdout.write(witness.policyLine);
