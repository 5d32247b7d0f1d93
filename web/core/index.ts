// The public face of the core: join a call and watch its state, without a page.

export * from './address';
export * from './call';
export * from './call_state';
export * from './devices';
export * from './problems';
export * from './refusal';
export * from './store';
