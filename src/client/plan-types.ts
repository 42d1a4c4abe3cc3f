import type { Intervals } from '../http/intervals.ts';
import type { Span } from '../http/span.ts';
import type { HelpRules, RangeConnection } from './connection.ts';
import type { Failure } from './download-error.ts';
import type { Growth } from './growth.ts';
import type { Asked, HttpHead, Version } from './verdict.ts';
import type { Validator } from './validator.ts';

/** The settings of a plan. They do not change. */
export interface Rules extends HelpRules {
  /** The most connections at once. */
  readonly connections: number;
  /** The effect of a change of the object: the download begins again at its first byte, or fails. */
  readonly onChange: 'restart' | 'fail';
  /** Failures in a row, without progress between them, until the download fails. */
  readonly tries: number;
  /** How often a download may begin again at its first byte. */
  readonly restarts: number;
  /** A connection that brings nothing for this time has failed, in ms. */
  readonly stallTimeout: number;
  /** The pause after the first failure, in ms. */
  readonly firstPause: number;
  /** Whether bytes can only be appended, such as to a pipe. Then nothing that was written can be taken back. */
  readonly isSequential: boolean;
  readonly canRefresh: boolean;
  /** Whether to continue without a strong validator, at the risk of a mix of two versions. */
  readonly unsafeResume: boolean;
  /** Whether a body is accepted whose end can't be told from a broken connection. */
  readonly acceptsUnframed: boolean;
}

/** The step that a download is at. */
export type Phase =
  | 'transfer'
  /** The written bytes are being removed, to begin again. */
  | 'emptying'
  | 'paused'
  | 'verifying'
  | 'finishing'
  | 'done'
  | 'failed';

/** The whole state of a download. It is a value: {@link step} returns the next one. */
export interface Plan {
  readonly rules: Rules;
  readonly phase: Phase;
  /** The version whose bytes are kept; `undefined` before the first response. */
  readonly version: Version | undefined;
  /** The bytes that the sink has. */
  readonly written: Intervals;
  /** The bytes that are being written. */
  readonly pending: Intervals;
  readonly connections: readonly RangeConnection[];
  readonly nextId: number;
  /**
   * - `parallel`: several ranges at once
   * - `one-by-one`: one range after the other, because a response lacked its validator, or the object changed twice
   * - `whole`: requests without a range, because those with one got unusable responses
   */
  readonly mode: 'parallel' | 'one-by-one' | 'whole';
  /** Whether a 206 was received. */
  readonly hasRanges: boolean;
  readonly growth: Growth;
  /** Since the last progress. */
  readonly failures: number;
  readonly lastFailure: Failure | undefined;
  /** Bytes written since the last failure. */
  readonly progress: number;
  /** Unusable responses in a row. */
  readonly unusable: number;
  readonly restarts: number;
  readonly refreshes: number;
  /** Pieces that were fetched again, because their digest was wrong. */
  readonly repairs: number;
  readonly isRefreshing: boolean;
  /** When the address was replaced, in ms. */
  readonly refreshedAt: number;
  /** No request is sent before this time, in ms. */
  readonly notBefore: number;
  /** Bytes received in total, those that were dropped included. */
  readonly received: number;
  /** The time from a request to its response, in ms, of the last one. */
  readonly responseTime: number;
}

/** An event of a download. */
export type PlanEvent =
  | { readonly type: 'start' }
  /**
   * The head of a response was received. `isReused` if the request went to the target of an earlier redirect.
   * `restored`, of a first response: bytes of the same version that an earlier run has written.
   */
  | {
      readonly type: 'head';
      readonly id: number;
      readonly head: HttpHead;
      readonly isReused: boolean;
      readonly restored?: Intervals | undefined;
    }
  /** Bytes of a body were received. */
  | { readonly type: 'chunk'; readonly id: number; readonly length: number }
  /** The sink has the bytes of a chunk. */
  | { readonly type: 'written'; readonly id: number; readonly span: Span }
  /** A body has ended. `isUnframed` if a broken connection would look the same. */
  | { readonly type: 'end'; readonly id: number; readonly isUnframed: boolean }
  /** A request, or its body, has failed. */
  | { readonly type: 'failed'; readonly id: number; readonly reason: string }
  /** Time has passed. */
  | { readonly type: 'tick' }
  /** The sink is empty. */
  | { readonly type: 'emptied' }
  /** There is a new address. */
  | { readonly type: 'refreshed' }
  /** Bytes on disk have a wrong digest. They are fetched again. */
  | { readonly type: 'corrupt'; readonly span: Span }
  /** The pieces and the digest are right, but for these bytes. */
  | { readonly type: 'verified'; readonly bad: Intervals }
  /** The file is in its place. */
  | { readonly type: 'finished' }
  | { readonly type: 'pause' }
  | { readonly type: 'resume' }
  /** The download can't go on, or is no longer wanted. */
  | { readonly type: 'stop'; readonly failure: Failure };

/** When an event happens, and a random number for pauses. */
export interface Moment {
  /** In ms since the epoch. */
  readonly now: number;
  /** From 0 to 1. */
  readonly jitter: number;
}

/** The next thing to do. */
export type Action =
  /** Send a request; `validator` becomes its conditions. */
  | { readonly type: 'open'; readonly id: number; readonly asked: Asked; readonly validator: Validator }
  /** Close a connection. No event of it follows, but that of a write in progress. */
  | { readonly type: 'close'; readonly id: number }
  /** Write the first bytes of the chunk that was received. */
  | { readonly type: 'write'; readonly id: number; readonly span: Span }
  /** Remove all that was written, first from the journal. */
  | { readonly type: 'empty' }
  | { readonly type: 'refresh' }
  /** Send the next requests to the address that was given, and no longer to the target of its redirect. */
  | { readonly type: 'forget-redirect' }
  | { readonly type: 'verify' }
  | { readonly type: 'finish' }
  | { readonly type: 'fail'; readonly failure: Failure };

/** The state after an event, and what it leads to. */
export interface Step {
  readonly plan: Plan;
  readonly actions: readonly Action[];
}
