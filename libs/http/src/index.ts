export { joinSignals } from './join-signals.ts';
export { readBody, type Body } from './read-body.ts';
export { reasonOf } from './reason-of.ts';
