// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Dispatch

/// Idle handles with the connections that they keep, one each.
///
/// A server may hold a thread for every connection, and have as few as 32 (uWSGI with
/// `http11-socket`). So the pool keeps few connections for each origin, closes them after a while,
/// and soon notices those that the server has closed.
///
/// Reuses the last returned handle first: its connection is most likely still open, and its memory
/// still in the cache.
final class HandlePool: Sendable {
    private struct Idle {
        let handle: CurlHandle
        let origin: Origin?
        let sinceNanoseconds: UInt64
    }

    private struct State {
        /// In the order in which they became idle.
        var idle: [Idle] = []
        /// How many are taken, by origin.
        var taken: [Origin?: Int] = [:]
        var isSweepDue = false
    }

    private let state = Guarded(State())
    private let idleMax: Int
    private let idleSeconds: Int
    private static let sweepMilliseconds = 1000
    /// For all origins together.
    private static let allIdleMax = 64

    /// - Parameters:
    ///   - idleMax: how many idle handles are kept for one origin; more only while more are taken.
    ///   - idleSeconds: a handle that is idle for longer is closed.
    init(idleMax: Int, idleSeconds: Int) {
        self.idleMax = idleMax
        self.idleSeconds = idleSeconds
    }

    /// A handle for a request to this origin, with a connection to it if one is kept.
    func take(for origin: Origin?) throws(TranshipError) -> CurlHandle {
        while let handle = lastIdle(of: origin) {
            // The server closed the connection, or sent what no request asked for.
            if handle.sockets.hasSpoken { continue }
            note(1, for: origin)
            return handle
        }
        let handle = try CurlHandle()
        note(1, for: origin)
        return handle
    }

    private func note(_ change: Int, for origin: Origin?) {
        state.withLock { state in
            let taken = (state.taken[origin] ?? 0) + change
            state.taken[origin] = taken > 0 ? taken : nil
        }
    }

    /// Takes the end of an exchange that leaves nothing to keep.
    func forget(for origin: Origin?) { note(-1, for: origin) }

    private func lastIdle(of origin: Origin?) -> CurlHandle? {
        state.withLock { state in
            let now = nowNanoseconds()
            let index = state.idle.lastIndex { $0.origin == origin && !isTooOld($0, at: now) }
            return index.map { state.idle.remove(at: $0).handle }
        }
    }

    func give(_ handle: CurlHandle, _ origin: Origin?) {
        note(-1, for: origin)
        let (dropped, mustSweep) = state.withLock { state in
            let now = nowNanoseconds()
            state.idle.append(Idle(handle: handle, origin: origin, sinceNanoseconds: now))
            var dropped: [Idle] = []
            let surplus =
                state.idle.count { $0.origin == origin } - max(idleMax, state.taken[origin] ?? 0)
            if surplus > 0 {
                for _ in 0..<surplus {
                    guard let oldest = state.idle.firstIndex(where: { $0.origin == origin })
                    else { break }
                    dropped.append(state.idle.remove(at: oldest))
                }
            } else if state.idle.count > Self.allIdleMax {
                dropped.append(state.idle.removeFirst())
            }
            let mustSweep = !state.isSweepDue
            state.isSweepDue = true
            return (dropped, mustSweep)
        }
        // Closed without the lock.
        withExtendedLifetime(dropped) {}
        if mustSweep { scheduleSweep() }
    }

    private func scheduleSweep() {
        DispatchQueue.global().asyncAfter(
            deadline: .now() + .milliseconds(Self.sweepMilliseconds)
        ) { [weak self] in self?.sweep() }
    }

    private func isTooOld(_ idle: Idle, at now: UInt64) -> Bool {
        now - idle.sinceNanoseconds >= UInt64(idleSeconds) * 1_000_000_000
    }

    /// Drops, and so closes, what was idle for too long or is closed on the other side.
    private func sweep() {
        let (dropped, goesOn) = state.withLock { state in
            // Under the lock: no handle became idle later than now.
            let now = nowNanoseconds()
            let dropped = state.idle.filter { isTooOld($0, at: now) || $0.handle.sockets.hasSpoken }
            state.idle.removeAll { idle in dropped.contains { $0.handle === idle.handle } }
            state.isSweepDue = !state.idle.isEmpty
            return (dropped, state.isSweepDue)
        }
        withExtendedLifetime(dropped) {}
        if goesOn { scheduleSweep() }
    }
}
