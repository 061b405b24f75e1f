export { Instance, type ServiceName } from './instance.ts';
export { freePorts, ROOT, run, start, startService, type Finished, type Started } from './processes.ts';
