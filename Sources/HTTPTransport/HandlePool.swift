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
        var uses: [Origin?: Use] = [:]
        var isSweepDue = false
    }

    /// How many handles of an origin are taken, and how many were at one time. Requests come in waves:
    /// without the memory, the connections for the next wave would be closed in between.
    private struct Use {
        var taken = 0
        /// The most at one time of this period, and of the one before.
        private var most = 0
        private var mostBefore = 0
        /// In periods since the clock began.
        private var period: UInt64 = 0

        mutating func add(_ change: Int, inPeriod now: UInt64) {
            begin(now)
            taken += change
            most = max(most, taken)
        }

        /// The most at one time of one to two periods until now.
        mutating func recentMost(inPeriod now: UInt64) -> Int {
            begin(now)
            return max(most, mostBefore)
        }

        private mutating func begin(_ now: UInt64) {
            guard now != period else { return }
            mostBefore = now == period + 1 ? most : taken
            most = taken
            period = now
        }
    }

    private let state = Guarded(State())
    private let idleMax: Int
    private let idleSeconds: Int
    private let waveSeconds: Int
    private static let sweepMilliseconds = 1000
    /// For all origins together.
    private static let allIdleMax = 64

    /// - Parameters:
    ///   - idleMax: how many idle handles are kept for one origin; more only while there are, with
    ///     those that are taken, not more than were in use at one time a moment ago.
    ///   - idleSeconds: a handle that is idle for longer is closed.
    ///   - waveSeconds: how long ago that moment may be; up to twice as long.
    init(idleMax: Int, idleSeconds: Int, waveSeconds: Int) {
        self.idleMax = idleMax
        self.idleSeconds = idleSeconds
        self.waveSeconds = waveSeconds
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
            let now = period(at: nowNanoseconds())
            state.uses[origin, default: Use()].add(change, inPeriod: now)
        }
    }

    private func period(at nanoseconds: UInt64) -> UInt64 {
        nanoseconds / 1_000_000_000 / UInt64(max(1, waveSeconds))
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
            var dropped = surplus(of: origin, in: &state, at: now)
            if dropped.isEmpty, state.idle.count > Self.allIdleMax {
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

    /// Removes the oldest idle handles of an origin that are too many, and returns them.
    private func surplus(
        of origin: Origin?, in state: inout State, at now: UInt64
    ) -> [Idle] {
        var use = state.uses[origin] ?? Use()
        let kept = max(idleMax, use.recentMost(inPeriod: period(at: now)) - use.taken)
        let idle = state.idle.indices.filter { state.idle[$0].origin == origin }
        let dropped = idle.prefix(max(0, idle.count - kept))
        defer { for index in dropped.reversed() { state.idle.remove(at: index) } }
        return dropped.map { state.idle[$0] }
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
            var dropped = state.idle.filter { isTooOld($0, at: now) || $0.handle.sockets.hasSpoken }
            state.idle.removeAll { idle in dropped.contains { $0.handle === idle.handle } }
            for origin in Set(state.idle.map(\.origin)) {
                dropped += surplus(of: origin, in: &state, at: now)
            }
            state.isSweepDue = !state.idle.isEmpty
            if state.idle.isEmpty { state.uses = state.uses.filter { $0.value.taken > 0 } }
            return (dropped, state.isSweepDue)
        }
        withExtendedLifetime(dropped) {}
        if goesOn { scheduleSweep() }
    }
}
