/**
 * React: a provider and hooks over `useSyncExternalStore`. Works with server rendering: what the page's server has found is
 * in the first HTML, and never in a client that several requests share.
 *
 * @module
 */

import {
  createContext, createElement, Fragment, useCallback, useContext, useEffect, useMemo, useState, useSyncExternalStore,
} from 'react';
import { PosternError } from './errors.js';
import { snapshotOf } from './state.js';

/** @typedef {import('./client.js').Client} Client */
/** @typedef {import('./types.js').Session} Session */
/** @typedef {import('./types.js').Snapshot} Snapshot */
/** @typedef {import('./types.js').Device} Device */
/** @typedef {import('./types.js').User} User */
/** @typedef {import('react').ReactNode} ReactNode */

/** @type {import('react').Context<{client: Client, first: Snapshot} | null>} */
const Context = createContext(/** @type {{client: Client, first: Snapshot} | null} */ (null));

/**
 * Gives the client to everything below it.
 *
 * @param {{client: Client, initialSession?: Session | null, children?: ReactNode}} props `initialSession`: what the server
 *   has found for this very request; `undefined` for not known, `null` for signed out.
 */
export function PosternProvider({ client, initialSession, children }) {
  const [first] = useState(() => (initialSession === undefined ? client.getServerSnapshot() : snapshotOf(initialSession)));
  const value = useMemo(() => ({ client, first }), [client, first]);
  return createElement(Context.Provider, { value }, children);
}

function usePostern() {
  const value = useContext(Context);
  if (!value) throw new TypeError('There is no PosternProvider above this component');
  return value;
}

/** The client of the provider above. @returns {Client} */
export function useClient() {
  return usePostern().client;
}

/** @returns {Snapshot} */
function useSnapshot() {
  const { client, first } = usePostern();
  const now = useSyncExternalStore(client.subscribe, client.getSnapshot, () => first);
  // Until the client knows more, what the server has found for this page is the best that is known.
  return now.status === 'loading' && first.status !== 'loading' ? first : now;
}

/**
 * The session, and whether it is still being looked for. `error` may be there beside a session: see `Snapshot`.
 *
 * @returns {{data: Session | null, isPending: boolean, error: PosternError | null, refetch: () => Promise<void>}}
 */
export function useSession() {
  const client = useClient();
  const { status, session, error } = useSnapshot();
  const refetch = useCallback(async () => void (await client.getSession({ fresh: true })), [client]);
  return { data: session, isPending: status === 'loading', error, refetch };
}

/**
 * The same as a union, for those who want the compiler to ask about every case.
 *
 * @returns {{isLoaded: false, isSignedIn: undefined, userId: undefined, session: undefined}
 *   | {isLoaded: true, isSignedIn: false, userId: null, session: null}
 *   | {isLoaded: true, isSignedIn: true, userId: string, session: Session, hasRole: (role: string) => boolean}}
 */
export function useAuth() {
  const { status, session } = useSnapshot();
  return useMemo(() => {
    if (session) {
      const hasRole = (/** @type {string} */ role) => session.roles.includes(role);
      return { isLoaded: true, isSignedIn: true, userId: session.userId, session, hasRole };
    }
    if (status === 'loading') return { isLoaded: false, isSignedIn: undefined, userId: undefined, session: undefined };
    return { isLoaded: true, isSignedIn: false, userId: null, session: null };
  }, [status, session]);
}

/**
 * Something that belongs to the signed-in person, fetched once and again when the person is another.
 *
 * @template T
 * @param {(client: Client, signal: AbortSignal) => Promise<import('./types.js').Result<T>>} load Stays the same function.
 */
function useOwn(load) {
  const client = useClient();
  const id = useSession().data?.id;
  const [state, setState] = useState(/** @type {{id?: string, data: T | null, error: PosternError | null}} */ ({ data: null, error: null }));
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (!id) return;
    const controller = new AbortController();
    void load(client, controller.signal).then(({ data, error }) => {
      if (!controller.signal.aborted) setState((old) => ({ id, data: error && old.id === id ? old.data : data, error }));
    });
    return () => controller.abort();
  }, [client, id, load, turn]);
  const refetch = useCallback(() => setTurn((n) => n + 1), []);
  // What belongs to somebody else is not shown for even one frame.
  const isMine = id !== undefined && state.id === id;
  return { data: isMine ? state.data : null, error: isMine ? state.error : null, isPending: id !== undefined && !isMine, refetch };
}

/** @param {Client} client @param {AbortSignal} signal */
const loadUser = (client, signal) => client.me({ signal });
/** @param {Client} client @param {AbortSignal} signal */
const loadSessions = (client, signal) => client.sessions.list({ signal });

/**
 * The signed-in person's profile.
 *
 * @returns {{data: User | null, isPending: boolean, error: PosternError | null, refetch: () => void}}
 */
export function useUser() {
  const { data, isPending, error, refetch } = useOwn(loadUser);
  return { data, isPending, error, refetch };
}

/**
 * Where the person is signed in. What is revoked disappears at once, and comes back if the server refuses.
 *
 * @returns {{data: Device[] | null, isPending: boolean, error: PosternError | null, refetch: () => void,
 *   revoke: (id: string) => Promise<void>, revokeOthers: () => Promise<void>}}
 */
export function useSessions() {
  const client = useClient();
  const { data, isPending, error, refetch } = useOwn(loadSessions);
  const [revoked, setRevoked] = useState(/** @type {ReadonlySet<string>} */ (new Set()));
  const [failure, setFailure] = useState(/** @type {PosternError | null} */ (null));

  const end = useCallback(
    async (/** @type {string[]} */ ids, /** @type {() => Promise<import('./types.js').Result<unknown>>} */ run) => {
      setFailure(null);
      setRevoked((old) => new Set([...old, ...ids]));
      const { error: refusal } = await run();
      if (!refusal || refusal.code === 'not_found') return;
      setFailure(refusal);
      setRevoked((old) => new Set([...old].filter((id) => !ids.includes(id))));
    },
    [],
  );
  const revoke = useCallback((/** @type {string} */ id) => end([id], () => client.sessions.revoke(id)), [client, end]);
  const revokeOthers = useCallback(() => {
    const others = data?.filter(({ current }) => !current).map(({ id }) => id) ?? [];
    return end(others, () => client.sessions.revokeOthers());
  }, [client, data, end]);
  const shown = useMemo(() => data && data.filter(({ id }) => !revoked.has(id)), [data, revoked]);
  return { data: shown, isPending, error: failure ?? error, refetch, revoke, revokeOthers };
}

/** Shows its children to who is signed in. A convenience: the API behind must refuse by itself. @param {{children?: ReactNode}} props */
export function SignedIn({ children }) {
  return useSnapshot().session ? createElement(Fragment, null, children) : null;
}

/** Shows its children to who is signed out, not while that is unknown. @param {{children?: ReactNode}} props */
export function SignedOut({ children }) {
  return useSnapshot().status === 'signed-out' ? createElement(Fragment, null, children) : null;
}
