// A value that can be watched. Nothing about calls lives here.

export interface Readable<T> {
  get(): T;
  /** Calls `watcher` with the value now and after every change, until the returned function is called. */
  subscribe(watcher: (value: T) => void): () => void;
}

export interface Store<T> extends Readable<T> {
  set(value: T): void;
  update(change: (value: T) => T): void;
}

/** Makes a store that starts with `initial`. Setting the same value again tells nobody. */
export function createStore<T>(initial: T): Store<T> {
  let current = initial;
  const watchers = new Set<(value: T) => void>();
  const set = (value: T): void => {
    if (Object.is(value, current)) return;
    current = value;
    // A watcher may unsubscribe itself or others while it is told.
    for (const watcher of [...watchers]) if (watchers.has(watcher)) watcher(value);
  };
  return {
    get: () => current,
    set,
    update: (change) => set(change(current)),
    subscribe(watcher) {
      watchers.add(watcher);
      watcher(current);
      return () => void watchers.delete(watcher);
    },
  };
}
