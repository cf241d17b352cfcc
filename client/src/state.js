/**
 * The auth state of a tab, and who is told when it changes.
 *
 * Nobody is called from within a change: callbacks run in a microtask of their own, hold no lock, and one that throws
 * does not keep the others from being called.
 *
 * @module
 */

/** @typedef {import('./types.js').Snapshot} Snapshot */
/** @typedef {import('./types.js').Session} Session */
/** @typedef {import('./types.js').AuthEvent} AuthEvent */
/** @typedef {import('./types.js').AuthListener} AuthListener */

/** @param {Session | null | undefined} initial */
export function createState(initial) {
  const first = snapshotOf(initial);
  let snapshot = first;
  /** @type {Set<() => void>} */
  const subscribers = new Set();
  /** Listeners, and whether each has had its `initial`. @type {Map<AuthListener, boolean>} */
  const listeners = new Map();

  /** @param {AuthListener} listener @param {AuthEvent} event */
  const tell = (listener, event) => {
    const { session } = snapshot;
    queueMicrotask(() => listeners.has(listener) && listener(event, session));
  };

  return {
    get: () => snapshot,
    first: () => first,

    /**
     * Changes the state. An event is told whether or not the state changed; subscribers hear of changes only.
     *
     * @param {Partial<Snapshot>} change
     * @param {AuthEvent} [event]
     */
    set(change, event) {
      const next = { ...snapshot, ...change };
      // Whoever renders a session renders again only when something in it is different.
      if (JSON.stringify(next.session) === JSON.stringify(snapshot.session)) next.session = snapshot.session;
      const { status, session, error } = snapshot;
      if (next.status !== status || next.session !== session || next.error !== error) {
        snapshot = next;
        subscribers.forEach((run) => queueMicrotask(() => subscribers.has(run) && run()));
      }
      if (snapshot.status === 'loading') return;
      for (const [listener, isTold] of listeners) {
        if (!isTold) tell(listener, 'initial');
        else if (event) tell(listener, event);
        listeners.set(listener, true);
      }
    },

    /** @param {() => void} run */
    subscribe(run) {
      // A function of its own, so that one callback may subscribe twice and leave once.
      const subscriber = () => run();
      subscribers.add(subscriber);
      return () => void subscribers.delete(subscriber);
    },

    /** @param {AuthListener} run */
    listen(run) {
      /** @type {AuthListener} */
      const listener = (event, session) => run(event, session);
      const isKnown = snapshot.status !== 'loading';
      listeners.set(listener, isKnown);
      if (isKnown) tell(listener, 'initial');
      return () => void listeners.delete(listener);
    },
  };
}

/**
 * @param {Session | null | undefined} session
 * @returns {Snapshot}
 */
export function snapshotOf(session) {
  const status = session ? 'signed-in' : session === null ? 'signed-out' : 'loading';
  return { status, session: session ?? null, error: null };
}
