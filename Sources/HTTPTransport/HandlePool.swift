// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Dispatch

/// Idle handles, each with the one connection that it keeps.
///
/// A server may hold a thread for every connection, and have as few as 32 threads (uWSGI with
/// `http11-socket`). So the pool keeps few connections for each origin, closes them after a while,
/// and soon notices connections that the server has closed.
///
/// The pool reuses the last returned handle first: its connection is most likely still open, and
/// its memory still in the cache.
final class HandlePool: Sendable {
    private struct Idle {
        let handle: CurlHandle
        let origin: Origin?
        let sinceNanoseconds: UInt64
    }

    private struct State {
        /// The idle handles, in the order in which they became idle.
        var idle: [Idle] = []
        var uses: [Origin?: Use] = [:]
        var isSweepDue = false
    }

    /// The number of handles of an origin that are in use, now and at most. Requests come in waves:
    /// if the pool forgot the maximum, it would close connections between two waves.
    private struct Use {
        var taken = 0
        /// The most handles in use at one time in this period, and in the previous one.
        private var most = 0
        private var mostBefore = 0
        /// The number of periods since the clock began.
        private var period: UInt64 = 0

        mutating func add(_ change: Int, inPeriod now: UInt64) {
            begin(now)
            taken += change
            most = max(most, taken)
        }

        /// Returns the most handles in use at one time during the last one to two periods.
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
    /// The maximum number of idle handles for all origins together.
    private static let allIdleMax = 64

    /// - Parameters:
    ///   - idleMax: the number of idle handles kept for one origin. More are kept only as long as
    ///     idle and used handles together do not exceed the number that was recently in use at one
    ///     time.
    ///   - idleSeconds: a handle that is idle for longer is closed.
    ///   - waveSeconds: the length of the period that "recently" means; up to twice as long.
    init(idleMax: Int, idleSeconds: Int, waveSeconds: Int) {
        self.idleMax = idleMax
        self.idleSeconds = idleSeconds
        self.waveSeconds = waveSeconds
    }

    /// Returns a handle for a request to this origin, with a kept connection to it if there is one.
    func take(for origin: Origin?) throws(TranshipError) -> CurlHandle {
        while let handle = lastIdle(of: origin) {
            // The server closed the connection, or sent data without a request.
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

    /// Notes the end of an exchange whose handle is not kept.
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
        // The handles close here, without the lock.
        withExtendedLifetime(dropped) {}
        if mustSweep { scheduleSweep() }
    }

    /// Removes the oldest idle handles of an origin beyond the number to keep, and returns them.
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

    /// Drops, and so closes, handles that were idle for too long or whose connections the server
    /// closed.
    private func sweep() {
        let (dropped, goesOn) = state.withLock { state in
            // Read the clock under the lock: no handle became idle after this time.
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
